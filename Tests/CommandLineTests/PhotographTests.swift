import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// Folders and lists of photographs, from the configuration to the table of predictions.
    @Suite(.serialized) struct PhotographTests {
        /// Real files, grey and in color, JPEG and PNG.
        private static let files = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../ImageDataTests/Fixtures/photographs")
        private static let good = [
            "RGB-UPPER.JPG", "cmyk.jpg", "grey.jpg", "grey.png", "narrow.jpg", "palette.png",
            "progressive.jpg",
            "rgb.png",
        ]

        private let folder: ScratchFolder

        /// Training pictures of two classes, and a test picture of each.
        init() throws {
            folder = try ScratchFolder(
                configuration: """
                    method: {name: l2-sp}
                    network: {name: resnet18, base-width: 8, batch-norm: frozen,
                              weights: \(BallastProcess.golden.appending(path: "source.safetensors").path)}
                    data: {train: data/train, test: data/test, validation: none, image-size: 32}
                    training: {epochs: 2, steps-per-epoch: null, global-batch: 4}
                    output: run
                    """)
            for (index, name) in Self.good.enumerated() {
                try put(name, as: "train/\(index % 2 == 0 ? "cats" : "dogs")/\(name)")
            }
            try put("rgba.png", as: "test/dogs/x.png")
            try put("rgb.jpg", as: "test/cats/y.jpg")
        }

        private func put(_ name: String, as target: String) throws {
            try folder.write(
                [UInt8](Data(contentsOf: Self.files.appending(path: name))), as: "data/" + target)
        }

        private func train(
            ranks: Int = 0, _ settings: String...
        ) async throws -> (outcome: BallastProcess.Outcome, run: RunFolder) {
            let arguments =
                ["train", "--config", folder.path + "/run.yaml"] + settings.flatMap { ["--set", $0] }
            let name = settings.first { $0.hasPrefix("output=") }.map { String($0.dropFirst(7)) } ?? "run"
            return (
                try await BallastProcess.run(arguments, ranks: ranks),
                RunFolder(url: folder.url.appending(path: name))
            )
        }

        @Test func lossesDoNotDependOnRanksAndWorkers() async throws {
            let (alone, first) = try await train(ranks: 0, "output=run-0")
            try #require(alone.exitCode == 0, "\(alone.errors)")
            #expect(alone.errors.contains("samples: training 8, test 2; classes: 2"))
            for ranks in [2, 3] {
                let (outcome, run) = try await train(
                    ranks: ranks, "output=run-\(ranks)", "data.workers=2", "data.cache-bytes=200000")
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                for (one, other) in zip(try run.steps("loss"), try first.steps("loss")) {
                    #expect(abs(one - other) <= 1e-5 * abs(other), "\(one) and \(other) on \(ranks) ranks")
                }
            }
            // What came of the data is written down.
            let resolved = String(decoding: try first.contents(of: "config.yaml"), as: UTF8.self)
            #expect(resolved.contains("train-transform: random-resized-crop"))
            #expect(resolved.contains("validation-transform: resize-center-crop"))
            #expect(resolved.contains("horizontal-flip: true"))
        }

        @Test func aBrokenFileStopsOrIsLeftOut() async throws {
            let (without, clean) = try await train(ranks: 2, "output=clean")
            try #require(without.exitCode == 0, "\(without.errors)")
            try put("not-an-image.jpg", as: "train/cats/0.jpg")
            try put("truncated.jpg", as: "train/dogs/zz.jpg")
            for ranks in [0, 2] {
                let (stopped, run) = try await train(ranks: ranks)
                #expect(stopped.exitCode == 65)
                #expect(stopped.errors.contains("train/cats/0.jpg: is text"), "\(stopped.errors)")
                #expect(stopped.errors.contains("data.on-error: skip"))
                #expect(!FileManager.default.fileExists(atPath: run.url.path))
            }
            let (skipped, run) = try await train(ranks: 2, "output=skipped", "data.on-error=skip")
            try #require(skipped.exitCode == 0, "\(skipped.errors)")
            #expect(skipped.errors.contains("left out 2 images that cannot be decoded"))
            #expect(try run.modelBytes == clean.modelBytes)
            let list = String(decoding: try run.contents(of: "skipped-images.csv"), as: UTF8.self)
            let lines = list.split(separator: "\n")
            #expect(lines.count == 3 && lines[0] == "path,reason")
            #expect(lines[1].contains("cats/0.jpg") && lines[2].contains("dogs/zz.jpg"))
            // Without the list, the truncated one is found when it is decoded.
            try FileManager.default.removeItem(atPath: folder.path + "/data/train/cats/0.jpg")
            let (late, _) = try await train(ranks: 2, "output=late", "data.train-transform=resize")
            #expect(late.exitCode == 65 && late.errors.contains("dogs/zz.jpg"), "\(late.errors)")
        }

        @Test func classesAreMatchedByName() async throws {
            try put("rgb.jpg", as: "test/birds/z.jpg")
            let (unknown, _) = try await train(ranks: 2)
            #expect(unknown.exitCode == 65)
            #expect(unknown.errors.contains("'birds'") && unknown.errors.contains("cats, dogs"))
            let (some, run) = try await train(ranks: 2, "data.classes=[dogs, cats]")
            #expect(some.exitCode == 0, "\(some.errors)")
            #expect(some.errors.contains("test 2"))
            let record = String(decoding: try run.contents(of: "model.json"), as: UTF8.self)
            let dogs = try #require(record.range(of: "\"dogs\""))
            let cats = try #require(record.range(of: "\"cats\""))
            #expect(dogs.lowerBound < cats.lowerBound)
        }

        @Test func aListIsAsGoodAsAFolder() async throws {
            let (outcome, first) = try await train(ranks: 2, "output=folder")
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            // In the order of the folder: by class, then by the bytes of the names.
            let lines = ["cats", "dogs"].enumerated().flatMap { label, name in
                Self.good.enumerated().filter { $0.offset % 2 == label }.map(\.element).sorted()
                    .map { "train/\(name)/\($0) \(name)" }
            }
            try folder.write(Array(lines.joined(separator: "\n").utf8), as: "data/list.txt")
            let (again, second) = try await train(ranks: 2, "output=list", "data.train=data/list.txt")
            try #require(again.exitCode == 0, "\(again.errors)")
            #expect(try second.modelBytes == first.modelBytes)
        }

        /// The same photographs as a folder, as a list and in two shards, on 1, 2 and 3 ranks.
        @Test func lossesAreTheSameFromFolderListAndShards() async throws {
            let (alone, first) = try await train("output=folder")
            try #require(alone.exitCode == 0, "\(alone.errors)")
            let samples = ["cats", "dogs"].enumerated().flatMap { label, name in
                Self.good.enumerated().filter { $0.offset % 2 == label }.map(\.element).sorted()
                    .map { (path: "train/\(name)/\($0)", label: label) }
            }
            try folder.write(
                Array(samples.map { "../\($0.path) \($0.label)\n" }.joined().utf8), as: "data/list/list.txt")
            for (number, part) in [samples[..<5], samples[5...]].enumerated() {
                let archive = TarArchive(
                    samples: try part.enumerated().map { index, sample in
                        (
                            "\(number)-\(index)", try contents(folder.path + "/data/" + sample.path),
                            sample.label
                        )
                    })
                try folder.write(archive.ended, as: "data/shards/train-00\(number).tar")
            }
            try put("rgb.jpg", as: "test/0/y.jpg")
            try put("rgba.png", as: "test/1/x.png")
            for name in ["cats", "dogs"] {
                try FileManager.default.removeItem(atPath: folder.path + "/data/test/" + name)
            }
            let sources = [
                ("list", "list/list.txt"), ("shards", "shards/train-{000..001}.tar"), ("folder", "shards"),
            ]
            for ranks in [1, 2, 3] {
                for (name, source) in sources.prefix(ranks == 1 ? 3 : 2) {
                    let (outcome, run) = try await train(
                        ranks: ranks, "output=\(name)-\(ranks)", "data.train=data/\(source)")
                    try #require(outcome.exitCode == 0, "\(outcome.errors)")
                    #expect(
                        isClose(try run.steps("loss"), try first.steps("loss"), relative: 1e-5),
                        "\(name), \(ranks)")
                    if ranks == 1 { #expect(try run.steps("loss") == first.steps("loss")) }
                }
            }
        }

        @Test func predictionsAreTheSameOnAnyRanks() async throws {
            let (outcome, run) = try await train()
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            var tables: [String] = []
            for ranks in [0, 2, 3] {
                let arguments = [
                    "predict", "--model", run.url.path, "--data", folder.path + "/data/train/cats",
                ]
                let predicted = try await BallastProcess.run(arguments, ranks: ranks)
                #expect(predicted.exitCode == 0, "\(predicted.errors)")
                tables.append(predicted.output)
            }
            #expect(tables[0] == tables[1] && tables[0] == tables[2])
            let lines = tables[0].split(separator: "\n")
            #expect(lines.count == 5 && lines[0] == "path,class,probability-0,probability-1")
            #expect(lines[1].contains("/data/train/cats/RGB-UPPER.JPG,"))
            try put("not-an-image.jpg", as: "train/cats/0.jpg")
            let broken = try await BallastProcess.run(
                ["predict", "--model", run.url.path, "--data", folder.path + "/data/train/cats"], ranks: 2)
            #expect(broken.exitCode == 65 && broken.errors.contains("cats/0.jpg: is text"))
        }
    }
}
