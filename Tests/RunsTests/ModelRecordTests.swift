import Foundation
import Hosts
import ImageData
import ModelFiles
import ProcessGroups
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// `model.json`: what it says, what is believed of it, and what `predict` makes of a run's folder.
@Suite struct ModelRecordTests {
    private static let network = NetworkConfiguration(name: .resnet18, baseWidth: 4, stem: .small)
    private static let description = ModelDescription(
        network: network, classNames: ["a, b", "c \"d\"", "é,"], classes: nil, imageSize: [3, 16, 16],
        normalization: .imageNet)

    /// A folder as a run leaves it: a model and its record.
    private func runFolder() throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let classifier = try Self.description.makeClassifier("m")
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        classifier.head.weight.initializeNormal(deviation: 1, seed: 2)
        let path = folder.path + "/model.safetensors"
        try classifier.file(metadata: Self.description.metadata()).write(to: path)
        try folder.write(record(of: path).json(), as: "model.json")
        var images = SafetensorsWriter()
        images.add("images", randomTensor([5, 3, 16, 16], seed: 9))
        try images.write(to: folder.path + "/images.safetensors")
        return folder
    }

    private func record(of model: String) throws -> ModelRecord {
        ModelRecord(
            Self.description,
            ModelResult(
                step: 7, digest: try FileDigest(ofFile: model), bestBy: .loss,
                validation: try evaluation(loss: 0.5), test: try evaluation(loss: .infinity)),
            method: .coTuning, sourceWeights: "none")
    }

    private func evaluation(loss: Double) throws -> Evaluation {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let text = "{\"accuracy\": 0.5, \"meanClassAccuracy\": 0.25, \"count\": 4, \"loss\": \"\(loss)\"}"
        return try decoder.decode(
            Evaluation.self,
            from: Data((loss.isFinite ? text.replacing("\"\(loss)\"", with: "\(loss)") : text).utf8))
    }

    private func predict(_ model: String, _ folder: ScratchFolder, size: Int = 1) throws -> String {
        let path = folder.path
        return try ThreadedGroup.run(size: size) { group in
            try ModelPrediction(
                model: model, data: [path + "/images.safetensors"], output: nil
            ).run(group) ?? ""
        }[0]
    }

    @Test func theRecordReadsAgainAsItself() throws {
        let folder = try runFolder()
        let path = folder.path + "/model.json"
        let written = try record(of: folder.path + "/model.safetensors")
        // A loss that is not finite is null, and NaN when it is read.
        #expect(try ModelRecord(contentsOf: path)?.json() == written.json())
        #expect(try ModelRecord(contentsOf: folder.path + "/missing.json") == nil)
        let text = try folder.text(of: "model.json")
        for part in [
            "\"best-by\" : \"loss\"", "\"method\" : \"co-tuning\"", "\"step\" : 7", "\"class-names\"",
            "\"loss\" : null", "\"loss\" : 0.5", "\"mean-class-accuracy\" : 0.25", "\"standard-deviation\"",
            "\"ballast-version\" : \"\(BallastVersion.current)\"",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        #expect(!text.contains("source-weights"))
    }

    // MARK: Outputs that are not finite

    /// A model of finite weights behind which nothing is finite: no image has a class, and a loss is null.
    @Test(arguments: [1, 2])
    func aModelWhoseOutputsOverflowHasNoClassesToGive(ranks: Int) throws {
        let folder = try runFolder()
        defer { folder.remove() }
        let path = folder.path + "/model.safetensors"
        let classifier = try Self.description.makeClassifier("m")
        try classifier.load(SafetensorsFile(contentsOf: path))
        let weight = classifier.head.weight
        weight.variable.assign(Tensor(repeating: .greatestFiniteMagnitude, weight.shape))
        try classifier.file(metadata: Self.description.metadata()).write(to: path)
        let failure = try #require(throws: CollectiveFailure.self) { try predict(path, folder, size: ranks) }
        #expect(failure.exitCode == 65)
        #expect(
            failure.message.contains(
                "\(path): its outputs for \(folder.path)/images.safetensors:0 are not finite"))

        var data = SafetensorsWriter()
        data.add("images", randomTensor([4, 3, 16, 16], seed: 9))
        data.add("labels", integers: [0, 0, 1, 2], shape: [4])
        try data.write(to: folder.path + "/data.safetensors")
        let list = folder.path + "/list.csv"
        let page = folder.path + "/page.html"
        let reports = try ThreadedGroup.run(size: ranks) { group in
            let report = try ModelEvaluation(
                model: path, data: folder.path + "/data.safetensors", classes: [], predictions: list,
                report: page
            ).run(group)
            return (try report.json(), report.notice ?? "")
        }
        for (json, notice) in reports {
            #expect(json.contains("\"accuracy\":0,") && json.contains("\"loss\":null"), "\(json)")
            #expect(notice.contains("are not finite for some samples"), "\(notice)")
        }
        #expect(try folder.text(of: "list.csv").split(separator: "\n")[1].hasPrefix("0,0,,"))
        let text = try folder.text(of: "page.html")
        #expect(text.contains("of 4 samples are not finite: these have no class"))
        #expect(text.contains("<b>a, b taken for no class</b>"))
    }

    // MARK: The page of an evaluation

    private func labelledImages(in folder: ScratchFolder) throws {
        var data = SafetensorsWriter()
        data.add("images", randomTensor([7, 3, 16, 16], seed: 9))
        data.add("labels", integers: [0, 0, 1, 2, 1, 2, 0], shape: [7])
        try data.write(to: folder.path + "/data.safetensors")
    }

    private func evaluate(
        _ folder: ScratchFolder, ranks: Int = 1, predictions: String? = nil, report: String
    ) throws {
        let path = folder.path
        _ = try ThreadedGroup.run(size: ranks) { group in
            try ModelEvaluation(
                model: path, data: path + "/data.safetensors", classes: [], predictions: predictions,
                report: report
            ).run(group).json()
        }
    }

    @Test(arguments: [1, 2, 3]) func aPageShowsWhatWasPredicted(ranks: Int) throws {
        let folder = try runFolder()
        defer { folder.remove() }
        try labelledImages(in: folder)
        try evaluate(folder, ranks: ranks, report: folder.path + "/page.html")
        let page = try folder.text(of: "page.html")
        let digest = try FileDigest(ofFile: folder.path + "/model.safetensors").description
        for part in [
            "Accuracy, evaluation split", "; 7 samples", "Mean class accuracy", "(95 %, Wilson)",
            "c &quot;d&quot;", "data:image/jpeg;base64,", "Confusion matrix", "Features of 7 samples",
            "Probability and accuracy", "<code>co-tuning</code>", "<code>resnet18</code>",
            "<code>\(digest)</code>", "<code>\(folder.path)/data.safetensors</code>",
            "Written by `ballast evaluate`",
        ] {
            #expect(page.contains(part), "\(part)")
        }
        #expect(!page.contains("metrics.jsonl") && !page.contains("id=\"curves\""))
        #expect(page.utf8.count < 200_000)
    }

    @Test func preparedImagesAreNotCropped() throws {
        let folder = try runFolder()
        defer { folder.remove() }
        try labelledImages(in: folder)
        let evaluation = ModelEvaluation(
            model: folder.path, data: folder.path + "/data.safetensors", classes: [], predictions: nil,
            tenCrop: true)
        let failure = #expect(throws: CollectiveFailure.self) { try evaluation.run(SoloGroup()) }
        #expect(failure?.exitCode == 64 && failure?.message.contains("leave --ten-crop out") == true)
    }

    /// Before anything is read: into the model, into the list, without a folder.
    @Test func aPageHasAFileOfItsOwn() throws {
        let folder = try runFolder()
        defer { folder.remove() }
        let path = folder.path
        try FileManager.default.createSymbolicLink(atPath: path + "/link", withDestinationPath: path)
        for (list, page, code, words) in [
            ("p.csv", "model.safetensors", Int32(64), "model.safetensors: is a file that is read for it"),
            ("p.csv", "report.json", 64, "report.json: is a file that is read for it"),
            ("p", "p", 64, "is written to as well"), ("p", "link/./p", 64, "is written to as well"),
            ("p", "missing/p", 74, "missing/p: cannot be written: No such file"),
            ("missing/p", "p", 74, "missing/p: cannot be written: No such file"),
        ] {
            try folder.write([], as: "report.json")
            let error = #expect(throws: CollectiveFailure.self) {
                try evaluate(
                    folder, ranks: 2, predictions: "\(path)/\(list)", report: "\(path)/\(page)")
            }
            #expect(error?.exitCode == code, "\(list) \(page)")
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
        #expect(try folder.names.filter { $0.hasPrefix("p") } == [])
    }

    // MARK: Predictions

    @Test func predictionsHaveNamesAndProbabilitiesWhateverTheRanks() throws {
        let folder = try runFolder()
        let table = try predict(folder.path, folder)
        let lines = table.split(separator: "\n")
        #expect(lines[0] == "path,class,probability-0,probability-1,probability-2")
        #expect(lines.count == 6)
        let names = ["\"a, b\"", "\"c \"\"d\"\"\"", "\"é,\""]
        for (index, line) in lines.dropFirst().enumerated() {
            let start = "\(folder.path)/images.safetensors:\(index),"
            #expect(line.hasPrefix(start))
            let rest = line.dropFirst(start.count)
            let name = try #require(names.firstIndex { rest.hasPrefix($0 + ",") })
            let values = try rest.dropFirst(names[name].count + 1).split(separator: ",").map {
                try #require(Double($0))
            }
            #expect(values.count == 3 && abs(values.reduce(0, +) - 1) <= 1e-6)
            #expect(values[name] == values.max())
        }
        for size in [2, 3, 7] {
            let other = try predict(folder.path, folder, size: size).split(separator: "\n")
            #expect(other.map { $0.prefix { $0 != "." } } == lines.map { $0.prefix { $0 != "." } })
            #expect(other.count == 6)
        }
    }

    @Test(arguments: [
        ("a, b", "\"a, b\""), ("c \"d\"", "\"c \"\"d\"\"\""), ("e\nf", "\"e\nf\""), ("g\r", "\"g\r\""),
        ("é h", "é h"),
    ])
    func namesAreQuotedWhereCSVNeedsIt(_ name: String, _ expected: String) throws {
        let folder = try runFolder()
        var description = Self.description
        description.classNames = [name, name, name]
        let path = folder.path + "/model.safetensors"
        let classifier = try description.makeClassifier("m")
        try classifier.load(SafetensorsFile(contentsOf: path))
        try classifier.file(metadata: description.metadata()).write(to: path)
        let table = try predict(path, folder)
        #expect(table.contains("/images.safetensors:4,\(expected),0."), "\(table)")
    }

    /// With a record of this model, of another one, and without one: the header says the same.
    @Test func theHeaderServesWhereTheRecordDoesNot() throws {
        let folder = try runFolder()
        let expected = try predict(folder.path, folder)
        #expect(try predict(folder.path + "/model.safetensors", folder) == expected)
        let old = try folder.text(of: "model.json")
        let digest = try FileDigest(ofFile: folder.path + "/model.safetensors").description
        let other = String(repeating: "0", count: 64)
        // A record of another model is not looked at further.
        try folder.write(
            Array(
                old.replacing(digest, with: other).replacing("\"é,\"", with: "\"e\"")
                    .replacing("a, b", with: "x").replacing("c \\\"d\\\"", with: "y").utf8), as: "model.json"
        )
        #expect(try predict(folder.path, folder) == expected)
        try FileManager.default.removeItem(atPath: folder.path + "/model.json")
        #expect(try predict(folder.path, folder) == expected)
    }

    /// Python's `safetensors` keeps no header: the record then says what the model is.
    @Test func theRecordServesWhereTheHeaderDoesNot() throws {
        let folder = try runFolder()
        let expected = try predict(folder.path, folder)
        let path = folder.path + "/model.safetensors"
        let classifier = try Self.description.makeClassifier("m")
        try classifier.load(SafetensorsFile(contentsOf: path))
        try classifier.file(metadata: [:]).write(to: path)
        try folder.write(record(of: path).json(), as: "model.json")
        #expect(try predict(folder.path, folder) == expected)
        let alone = #expect(throws: CollectiveFailure.self) { try predict(path, folder) }
        #expect(alone?.message.contains("does not say which network it is") == true)
    }

    /// A picture whose EXIF data ask for a turn is seen as in training: turned, or as it is stored. Here these have
    /// different sizes.
    @Test func photographsAreTurnedAsInTraining() throws {
        let folder = try runFolder()
        defer { folder.remove() }
        // A PNG of 2 rows and 4 columns with the orientation 6.
        let text =
            "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAA"
            + "ANZnS2kAAAAhSURBVHicBcGxAQAACMKwqhN/8v8BLJgQIEAkMXs22G0fT5cHnV2FgSQAAAAASUVORK5CYII="
        let picture = try folder.write(Array(try #require(Data(base64Encoded: text))), as: "picture.png")
        let path = folder.path + "/model.safetensors"
        func predicted(_ imageSize: [Int], isTurned: Bool) throws -> String {
            var description = Self.description
            (description.imageSize, description.appliesOrientation) = (imageSize, isTurned)
            let classifier = try description.makeClassifier("m")
            try classifier.load(SafetensorsFile(contentsOf: path))
            try classifier.file(metadata: description.metadata()).write(to: path)
            return try ThreadedGroup.run(size: 1) { group in
                try ModelPrediction(model: path, data: [picture], output: nil).run(group) ?? ""
            }[0]
        }
        #expect(try predicted([3, 4, 2], isTurned: true).contains("/picture.png,"))
        #expect(try predicted([3, 2, 4], isTurned: false).contains("/picture.png,"))
        for (imageSize, isTurned) in [([3, 4, 2], false), ([3, 2, 4], true)] {
            let error = #expect(throws: CollectiveFailure.self) {
                try predicted(imageSize, isTurned: isTurned)
            }
            #expect(error?.message.contains("the model was trained on \(imageSize)") == true)
        }
    }

    /// Weights of other programs are named for what they are.
    @Test func weightsThatNoRunWroteAreNoModel() throws {
        let folder = try runFolder()
        defer { folder.remove() }
        let index = "{\"weight_map\": {\"fc.weight\": \"model.safetensors\"}}"
        let path = try folder.write(Array(index.utf8), as: "model.safetensors.index.json")
        let error = #expect(throws: CollectiveFailure.self) { try predict(path, folder) }
        #expect(
            error?.exitCode == 65
                && error?.message.contains("\(path): is not a model that 'ballast train' wrote, but ")
                    == true,
            "\(String(describing: error))")
    }

    // MARK: What is not believed

    /// What is done to the text of a record, and what the message says.
    static let spoiled: [(change: @Sendable (String) -> String, message: String)] = [
        ({ _ in "" }, "is not the description of a model"),
        ({ _ in "[]" }, "is not the description of a model"),
        ({ String($0.prefix($0.count / 2)) }, "is not the description of a model"),
        ({ _ in String(repeating: "[", count: 200_000) }, "is not the description of a model"),
        ({ _ in String(repeating: "{\"model\":", count: 200_000) }, "is not the description of a model"),
        ({ $0.replacing("\"format-version\" : 1", with: "\"format-version\" : 2") }, "of format 1"),
        ({ $0.replacing("\"step\" : 7", with: "\"step\" : 1e999") }, "is not the description of a model"),
        ({ $0.replacing("\"step\" : 7", with: "\"step\" : 99999999999999999999") }, "is not the description"),
        (
            { $0.replacing("\"é,\"", with: "\"é,\", \"f\"") },
            "described as a model of 4 classes, and its head"
        ),
        (
            { $0.replacing("\"é,\"", with: "\"é,\"" + String(repeating: ",\"\"", count: 300_000)) },
            "of 300003 classes"
        ),
        ({ $0.replacing("\"base-width\" : 4", with: "\"base-width\" : 400") }, "a network of base width 400"),
        (
            { $0.replacing("\"base-width\" : 4", with: "\"base-width\" : 4611686018427387904") },
            "a network of base width 4611686018427387904"
        ),
        ({ $0.replacing("\"base-width\" : 4", with: "\"base-width\" : -4") }, "a network of base width -4"),
        (
            { $0.replacing("\"base-width\" : 4", with: "\"base-width\" : 8") },
            "its head 'fc.weight' has shape"
        ),
        ({ $0.replacing("resnet18", with: "resnet999") }, "describes a network 'resnet999'"),
        ({ $0.replacing("resnet18", with: "efficientnet-lite0") }, "its head 'classifier.weight' is missing"),
        ({ $0.replacing("0.225", with: "0") }, "model.safetensors: std [0.229, 0.224, 0.0]: expected three"),
        ({ $0.replacing("0.225", with: "1e-60") }, "is not the description of a model"),
        ({ $0.replacing("0.225", with: "1, 2") }, "std [0.229, 0.224, 1.0, 2.0]: expected three"),
        ({ $0.replacing("16,", with: "-16,") }, "the model was trained on [3, -16, 16]"),
    ]

    @Test(arguments: spoiled.indices)
    func aSpoiledRecordIsAnError(index: Int) throws {
        let folder = try runFolder()
        let (change, message) = Self.spoiled[index]
        let text = change(try folder.text(of: "model.json"))
        try #require(try text != folder.text(of: "model.json"))
        try folder.write(Array(text.utf8), as: "model.json")
        let error = #expect(throws: CollectiveFailure.self) { try predict(folder.path, folder) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error.map { [64, 65].contains($0.exitCode) && $0.message.utf8.count < 1000 } == true)
    }

    @Test(.timeLimit(.minutes(1))) func whatIsNoFileIsNotWaitedFor() throws {
        let folder = try runFolder()
        let path = folder.path + "/model.json"
        for number in 0..<3 {
            try FileManager.default.removeItem(atPath: path)
            switch number {
            case 0: try #require(mkfifo(path, 0o600) == 0)
            case 1: try #require(mkdir(path, 0o700) == 0)
            default:
                try folder.write([], as: "model.json")
                try #require(truncate(path, 1 << 30) == 0)
            }
            let error = #expect(throws: CollectiveFailure.self) { try predict(folder.path, folder) }
            #expect(error?.exitCode == 65)
            #expect(error?.message.hasPrefix("\(path): is not a file of at most") == true)
        }
    }

    @Test func imagesThatDoNotFitAreNamed() throws {
        let folder = try runFolder()
        for (shape, message) in [
            (Shape([2, 3, 8, 8]), "images have size [3, 8, 8], the model was trained on [3, 16, 16]"),
            (Shape([2, 3]), "images have shape [2, 3]"),
        ] {
            var images = SafetensorsWriter()
            images.add("images", Tensor(repeating: 1, shape))
            try images.write(to: folder.path + "/images.safetensors")
            let error = #expect(throws: CollectiveFailure.self) { try predict(folder.path, folder) }
            #expect(error?.message.contains(message) == true && error?.exitCode == 65)
        }
    }
}
