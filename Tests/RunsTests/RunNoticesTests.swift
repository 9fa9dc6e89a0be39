import ImageData
import Layers
import ModelFiles
import Networks
import ProcessGroups
import Regularizers
import Runs
import Tensors
import TestSupport
import Testing

/// What a run says of keys that have no effect, and of what it does otherwise than its configuration may seem to say.
@Suite struct RunNoticesTests {
    /// A folder with `tensors.safetensors`, of prepared images, and IDX images with labels; ten samples of two classes.
    private static func dataFolder(views: (first: UInt64, second: UInt64) = (1, 2)) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let labels = (0..<10).map { $0 % 2 }
        var writer = SafetensorsWriter()
        writer.add("images", randomTensor([10, 3, 8, 8], seed: views.first))
        writer.add("images_second_view", randomTensor([10, 3, 8, 8], seed: views.second))
        writer.add("labels", integers: labels.map(Int64.init), shape: [10])
        try writer.write(to: folder.path + "/tensors.safetensors")
        let pixels = (0..<640).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try folder.write([0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 8, 0, 0, 0, 8] + pixels, as: "images-idx3-ubyte")
        try folder.write([0, 0, 8, 1, 0, 0, 0, 10] + labels.map(UInt8.init), as: "labels-idx1-ubyte")
        return folder
    }

    private static func configuration(
        _ folder: ScratchFolder, data: String, _ assignments: [String]
    ) throws -> RunConfiguration {
        try RunConfiguration(
            text: """
                method: {name: fine-tune}
                network: {name: resnet18, base-width: 8, weights: w.safetensors}
                data: {train: \(data), validation: none}
                training: {epochs: 20, steps-per-epoch: 5, global-batch: 4}
                output: out

                """, file: "run.yaml", directory: folder.path, assignments: assignments)
    }

    private static func notices(
        _ data: String, _ assignments: [String], rankCount: Int = 2,
        views: (first: UInt64, second: UInt64) = (1, 2)
    ) throws -> [String] {
        let folder = try dataFolder(views: views)
        defer { folder.remove() }
        let configuration = try configuration(folder, data: data, assignments)
        let splits = try TrainingSplits.open(configuration, group: SoloGroup())
        return splits.notes + RunNotices(configuration, splits, rankCount: rankCount).lines
    }

    private static let tensors = "tensors.safetensors"
    private static let idx = "images-idx3-ubyte"

    /// Options of a run, and the beginning of what is said of them; nothing is said without one of them.
    static let cases: [(data: String, assignments: [String], notice: String?)] = [
        (tensors, [], nil), (idx, [], nil), (idx, ["data.mean=[0.5]", "data.std=[1]"], nil),
        (
            idx, ["data.mean=[123.675, 116.28, 103.53]", "data.std=[58.395, 57.12, 57.375]"],
            "data.mean [123.675, 116.28, 103.53] and data.std [58.395, 57.12, 57.375] look like those of pixels from 0 to 255, but pixels here are from 0 to 1: divided by 255 they are [0.485, 0.456, 0.406] and [0.229, 0.224, 0.225]"
        ),
        (idx, ["data.mean=[0.5]", "data.std=[58]"], "data.mean [0.5] and data.std [58.0] look like"),
        (tensors, ["data.interpolation=bicubic"], "data.interpolation has no effect: "),
        (tensors, ["data.reduced-decoding=true"], "data.reduced-decoding has no effect: "),
        (idx, ["data.on-error=skip"], "data.on-error has no effect: "),
        (idx, ["data.apply-exif-orientation=true"], "data.apply-exif-orientation has no effect: "),
        (tensors, ["data.cache-bytes=1000"], "data.cache-bytes has no effect: "),
        (
            idx,
            ["data.interpolation=bicubic", "data.train-transform=resize", "data.image-size=16"], nil
        ),
        (
            tensors, ["training.steps-per-epoch=null"],
            "training.steps-per-epoch null: an epoch is 3 steps of 4, which draw 12 of 10 samples, 1.2 passes: every batch is full"
        ),
        (tensors, ["training.steps-per-epoch=null", "training.global-batch=5"], nil),
        (
            tensors, ["training.steps-per-epoch=null", "training.global-batch=48"],
            "training.steps-per-epoch null: an epoch is 1 step of 48, which draw 48 of 10 samples, 4.8 passes"
        ),
        (
            tensors, ["schedule.milestones=[3, 20, 25]"],
            "schedule.milestones [20, 25]: epochs are counted from 0 and end with 19"
        ),
        (
            tensors, ["schedule.warm-up-steps=100"],
            "schedule.warm-up-steps 100: the run has 100 steps and ends before"
        ),
        (
            tensors, ["method.name=lwf", "method.warm-up-epochs=20"],
            "method.warm-up-epochs 20: the run has 20, in all of which"
        ),
        (
            tensors, ["method.name=linear-probe", "training.seed=4"],
            "method linear-probe takes no steps: nothing of training has an effect but training.seed"
        ),
        (
            tensors, ["method.name=delta", "method.features=plain"],
            "method delta compares feature maps under two normalizations"
        ),
        (tensors, ["method.name=delta", "method.features=plain", "network.batch-norm=frozen"], nil),
        (idx, ["method.name=bi-tuning"], "method bi-tuning compares two views of each sample, and here both"),
        (
            idx, ["method.name=bi-tuning", "data.train-transform=resize", "data.image-size=8"],
            "method bi-tuning compares two views"
        ),
        (idx, ["method.name=bi-tuning", "data.horizontal-flip=true"], nil),
        (idx, ["method.name=bi-tuning", "data.train-transform=pad-crop"], nil),
        (idx, ["method.name=bi-tuning", "data.color-jitter=0.1"], nil),
        (tensors, ["method.name=bi-tuning"], nil),
        (
            tensors, ["data.samples-per-class=2", "data.validation=null"],
            "data.samples-per-class 2: a class has 1 training samples after the validation split took its part"
        ),
        (
            tensors, ["data.sample-rate=60", "data.validation=null"],
            "data.sample-rate 60.0: a class has 2 training samples after the validation split took its part"
        ),
        (
            idx, ["data.validation=tensors.safetensors"],
            "/tensors.safetensors: holds prepared images, which are used as they are, and those for training are not"
        ),
    ]

    @Test(arguments: cases.indices)
    func whatIsOtherwiseThanItSeemsIsSaid(index: Int) throws {
        let (data, assignments, expected) = Self.cases[index]
        let notices = try Self.notices(data, assignments).filter {
            !$0.hasPrefix("data.validation")
        }
        if let expected {
            #expect(notices.count == 1 && notices[0].contains(expected), "\(assignments): \(notices)")
        } else {
            #expect(notices.isEmpty, "\(assignments): \(notices)")
        }
    }

    @Test func oneRankSendsNothing() throws {
        let set = ["communication.wire-format=bfloat16"]
        #expect(
            try Self.notices(Self.tensors, set, rankCount: 1) == [
                "communication.wire-format has no effect: a single rank sends nothing"
            ])
        #expect(try Self.notices(Self.tensors, set, rankCount: 2).isEmpty)
    }

    @Test func equalViewsOfTensorsAreSaid() throws {
        let notices = try Self.notices(Self.tensors, ["method.name=bi-tuning"], views: (1, 1))
        #expect(notices.count == 1 && notices[0].hasPrefix("method bi-tuning compares two views"))
    }

    @Test func preparedImagesAreNotNormalized() throws {
        let folder = try Self.dataFolder()
        defer { folder.remove() }
        let configuration = try Self.configuration(
            folder, data: Self.tensors, ["data.mean=[0.5]", "data.std=[0.5]"])
        let failure = try #require(throws: CollectiveFailure.self) {
            try TrainingSplits.open(configuration, group: SoloGroup())
        }
        #expect(failure.exitCode == 64)
        #expect(
            failure.message.contains("tensors.safetensors: holds prepared images, which are used as they are")
        )
        #expect(failure.message.hasSuffix("leave data.mean and data.std out"))
    }

    // MARK: Co-Tuning's scale

    private static func coTuning(_ keys: String) throws -> CoTuningSettings {
        let configuration = try RunConfiguration(
            text: """
                method: {name: co-tuning, \(keys)}
                network: {name: resnet50, weights: w.safetensors}
                data: {train: pictures}
                output: out

                """, file: "run.yaml", directory: "/")
        return try #require(configuration.method.settings as? CoTuningSettings)
    }

    private static func scale(_ keys: String, _ digest: String, _ network: NetworkName = .resnet50) throws
        -> Double?
    {
        guard case .reverse(let scale) = try coTuning(keys).learning(weights: digest, of: network) else {
            return nil
        }
        return scale
    }

    @Test func theScaleOfTorchvisionsFirstWeightsIsKnown() throws {
        let known = 0.8840456604957581
        let (first, other) = (
            "0676ba61" + String(repeating: "0", count: 56), String(repeating: "1", count: 64)
        )
        #expect(try Self.scale("relationship: reverse", first) == known)
        #expect(try Self.scale("relationship: reverse", "19c8e357" + first.dropFirst(8)) == known)
        #expect(try Self.scale("relationship: reverse", other) == 1)
        #expect(try Self.scale("relationship: reverse", first, .resnet101) == 1)
        #expect(try Self.scale("relationship: reverse, source-logit-scale: 0.5", first) == 0.5)
        #expect(try Self.scale("relationship: direct", first) == nil)

        func notice(_ keys: String, _ digest: String, _ network: NetworkName = .resnet50) throws -> String? {
            try Self.coTuning(keys).scaleNotice(weights: digest, of: network)
        }
        let said = try #require(try notice("relationship: reverse", other))
        #expect(said.hasPrefix("method.source-logit-scale is 1, since nothing is known of these weights"))
        #expect(said.hasSuffix("that of torchvision's first ResNet-50 weights is \(known)"))
        #expect(try notice("relationship: reverse", first)?.contains("\(known)") == true)
        #expect(try notice("relationship: reverse, source-logit-scale: 1", other) == nil)
        #expect(try notice("relationship: direct", other) == nil)
    }
}

/// Batch normalization over one value a channel.
@Suite struct NormalizationCheckTests {
    private static func check(
        _ mode: BatchNormalizationMode, side: Int, microBatch: Int, ranks: Int
    ) throws -> NormalizationCheck? {
        try NormalizationCheck(
            NetworkConfiguration(name: .resnet18, baseWidth: 8).makeBackbone(), imageShape: [3, side, side],
            mode: mode, microBatch: microBatch, rankCount: ranks)
    }

    @Test(arguments: [
        // One sample of 1×1; one a rank; the smaller share of three samples on two ranks.
        (BatchNormalizationMode.synchronized, 28, 1, 1, 1), (.local, 28, 2, 2, 1), (.local, 32, 3, 2, 1),
        (.local, 28, 4, 2, 2), (.synchronized, 28, 2, 2, 2), (.synchronized, 64, 1, 1, 4),
        (.local, 64, 2, 2, 4), (.synchronized, 28, 8, 2, 8),
    ])
    func valuesOfAChannelAreCounted(
        mode: BatchNormalizationMode, side: Int, microBatch: Int, ranks: Int, values: Int
    ) throws {
        let check = try #require(try Self.check(mode, side: side, microBatch: microBatch, ranks: ranks))
        #expect(check.valueCount == values && check.layer == "layer4.1.conv2")
        #expect((check.notice == nil) == (values >= 8))
        if values > 1 { return try check.require() }
        let failure = try #require(throws: CollectiveFailure.self) { try check.require() }
        #expect(failure.exitCode == 64)
        #expect(
            failure.message.hasPrefix(
                "batch normalization behind 'layer4.1.conv2' has 1 value a channel, of 1 sample that is normalized together and 1 position of the map, of which nothing can be learned: raise training.global-batch"
            ), "\(failure.message)")
    }

    @Test func frozenStatisticsNeedNoBatch() throws {
        #expect(try Self.check(.frozen, side: 28, microBatch: 1, ranks: 1) == nil)
    }
}
