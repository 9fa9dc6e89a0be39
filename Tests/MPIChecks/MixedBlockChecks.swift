import ImageData
import Layers
import Networks
import ProcessGroups
import Regularizers
import Tensors
import Training

// Hosts whose processors have vectors of different width keep feature maps in blocks of different size. Here ranks of
// one host do, since they are told to.

/// What a rank computes in a few steps.
private struct Course {
    var losses: [Double] = []
    /// Everything that ranks hold replicas of: parameters, running statistics, the method's own tensors.
    var replica: [Float] = []
}

/// Samples that are the same on every rank, in no order.
private struct RandomSamples: SampleSource {
    static let images = Tensor([8, 3, 32, 32], (0..<8 * 3 * 32 * 32).map(pixel))

    private static func pixel(_ index: Int) -> Float {
        let mixed: Int = (index * 7919 + index * index % 4093) % 1021
        return Float(mixed) / 510 - 1
    }

    let count = 8
    let classCount = 3
    let classNames = ["0", "1", "2"]
    let fingerprint: UInt64 = 1

    func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {}

    func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch { batch(0..<size) }

    func batch(_ rows: Range<Int>) -> SampleBatch {
        SampleBatch(
            images: Self.images.rows(rows), labels: rows.map { $0 % classCount }, positions: Array(rows))
    }
}

/// Trains a network with a method, its feature maps in blocks of the given size.
private func course(
    _ makeBackbone: () -> any Backbone, _ makeMethod: (Classifier) throws -> any Regularizer,
    _ optimizer: any Optimizer, steps: Int, block: Int, _ checker: Checker
) throws -> Course {
    let group = checker.group
    ChannelBlock.forced = block
    defer { ChannelBlock.forced = nil }
    let classifier = Classifier(backbone: makeBackbone(), classCount: 3)
    classifier.backbone.initialize(seed: 1)
    classifier.head.initialize(seed: 2)
    let samples = RandomSamples()
    let method = try makeMethod(classifier)
    try method.prepare(
        Preparation(
            backbone: classifier.backbone, weightsDigest: "", training: samples, validation: nil,
            group: group, seed: 3, directory: "", say: { _ in }))
    let groups = [
        ParameterGroup(
            name: "backbone", part: .backbone, learningRateMultiplier: 1,
            parameters: classifier.backbone.parameters),
        ParameterGroup(
            name: "method", part: .method, learningRateMultiplier: 1, parameters: method.ownParameters),
        ParameterGroup(
            name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters),
    ].filter { !$0.parameters.isEmpty }
    let step = try TrainingStep(
        classifier, groups: groups, regularizer: method, optimizer: optimizer,
        maxGradientNorm: 1, normalization: .synchronized, group: group)
    var course = Course()
    for number in 0..<steps {
        let own = samples.batch(Shard(rank: group.rank, size: group.size).slice(of: samples.count))
        let batch = Batch(
            images: own.images, secondView: own.images.scaled(by: 0.9), labels: own.labels,
            indices: own.positions, positions: own.positions)
        let result = try step.run(
            [batch], globalBatch: samples.count, learningRate: 0.001, number: number + 1)
        course.losses.append(result.loss)
    }
    let replicas =
        (classifier.parameters + method.ownParameters).map(\.variable.value)
        + classifier.buffers.tensors.map(\.tensor) + method.state.map(\.tensor)
    course.replica = replicas.flatMap(\.elements)
    return course
}

/// Blocks of 8 on some ranks and of 16 on the others give what either gives alone, to rounding, and the same bits
/// on every rank.
private func agreeInBlocks(
    _ name: String, _ makeBackbone: () -> any Backbone,
    _ makeMethod: (Classifier) throws -> any Regularizer = { _ in FineTune() },
    optimizer: any Optimizer = AdamW(weightDecay: 0.01), steps: Int, _ checker: Checker
) throws {
    func run(_ block: Int) throws -> Course {
        let course: Course = try course(
            makeBackbone, makeMethod, optimizer, steps: steps, block: block, checker)
        checker.expect(course.losses.allSatisfy(\.isFinite), "\(name): losses \(course.losses)")
        try checker.sameBits(course.losses)
        try checker.sameBits(course.replica)
        return course
    }
    let (narrow, wide) = (try run(8), try run(16))
    let mixed = try run(checker.group.rank % 2 == 0 ? 8 : 16)
    for (other, blocks) in [(narrow, 8), (wide, 16)] {
        for (step, (found, expected)) in zip(mixed.losses, other.losses).enumerated() {
            // Rounding grows from step to step.
            let tolerance = step == 0 ? 1e-5 : 1e-3
            checker.expect(
                abs(found - expected) <= tolerance * abs(expected),
                "\(name), step \(step): loss \(found) of mixed blocks, \(expected) of blocks of \(blocks)")
        }
    }
    if checker.group.rank == 0 {
        print("\(name): losses \(mixed.losses) mixed, \(narrow.losses) in blocks of 8, \(wide.losses) of 16")
    }
}

/// The size that was asked for is the one that is used, where channels fill neither.
func blocksAreAsForced(_ checker: Checker) throws {
    for block in [8, 16] {
        ChannelBlock.forced = block
        defer { ChannelBlock.forced = nil }
        let layer = Convolution2D(
            name: "c", inputChannels: 3, outputChannels: 20, size: 3, settings: .init())
        layer.initialize(seed: 1)
        let output = Tape(recording: false).convolution(
            Variable(RandomSamples.images), weight: layer.weight.variable, settings: .init())
        checker.equal(output.value.layout, Layout.blocked(block))
    }
}

func mixedBlocksResNet(_ checker: Checker) throws {
    try agreeInBlocks(
        "ResNet-18 of base width 8", { StagedNetwork.resNet(.resNet18, baseWidth: 8) }, steps: 3, checker)
}

func mixedBlocksEfficientNet(_ checker: Checker) throws {
    // AdamW's first step moves a parameter by the sign of its gradient, which rounding decides where it is nearly 0.
    try agreeInBlocks(
        "EfficientNet-Lite0", { StagedNetwork.efficientNetLite(.lite0) },
        optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0.001), steps: 2, checker)
}

/// What methods send besides: keys of Bi-Tuning, features of BSS; and what they compare, maps of DELTA.
func mixedBlocksMethods(_ checker: Checker) throws {
    let makeBackbone = { StagedNetwork.resNet(.resNet18, baseWidth: 2) }
    try agreeInBlocks("BSS", makeBackbone, { _ in BSS(tradeOff: 0.1, count: 2) }, steps: 2, checker)
    try agreeInBlocks(
        "DELTA", makeBackbone,
        { classifier in
            DELTA(
                taps: classifier.backbone.defaultTaps, features: .plain, tradeOff: 0.01, headTradeOff: 0.01)
        }, steps: 2, checker)
    try agreeInBlocks(
        "Bi-Tuning", makeBackbone,
        { classifier in
            try BiTuning(
                classifier: classifier, keyBackbone: makeBackbone(),
                settings: .init(
                    tradeOff: 1, temperature: 0.07, queueLength: 3, keyMomentum: 0.9,
                    projectionDimension: 16), initialState: [], seed: 4)
        }, steps: 2, checker)
}
