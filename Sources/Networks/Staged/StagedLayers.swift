internal import Layers
internal import Tensors

/// The layers of a network of stages: a first convolution, perhaps a pooling, stages of residual blocks, perhaps
/// a last convolution. The mean over positions follows.
struct StagedLayers<Unit: ConvolutionUnit> {
    /// Blocks of one resolution.
    struct Stage {
        /// Its name in published weights; where they name none, that of its last block.
        let name: String
        let blocks: [ResidualBlock<Unit>]
    }

    /// What feature maps hold in memory up to the mean over positions. Images are rounded to it, and operations keep the
    /// type of their input.
    var precision = ElementType.float32

    /// Whether what lies inside of blocks, and before them, is computed again in the backward pass instead of kept.
    var isRecomputed = false

    let first: Unit
    let pooling: PoolingSettings?
    let stages: [Stage]
    let last: Unit?

    /// Layers of at least one stage, each of at least one block.
    init(first: Unit, pooling: PoolingSettings?, stages: [Stage], last: Unit?) {
        precondition(
            !stages.isEmpty && stages.allSatisfy { !$0.blocks.isEmpty },
            "stages \(stages.map(\.blocks.count))")
        (self.first, self.pooling, self.stages, self.last) = (first, pooling, stages, last)
    }

    var blocks: [ResidualBlock<Unit>] { stages.flatMap(\.blocks) }

    /// All convolutions, in the order of published weights.
    var units: [Unit] { [first] + blocks.flatMap(\.units) + (last.map { [$0] } ?? []) }

    /// Names under which outputs are offered, in the order of the forward pass.
    var layerNames: [String] {
        [first.name] + stages.flatMap { $0.blocks.flatMap(\.layerNames) + ($0.isNamed ? [$0.name] : []) }
            + (last.map { [$0.name] } ?? [])
    }

    /// The forward pass: images `[N, 3, H, W]` to the last feature map.
    func callAsFunction(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        var x = try recomputing(images, [first.name], first.parameters, context, beginning)
        for stage in stages {
            for block in stage.blocks {
                x = try recomputing(x, block.layerNames, block.parameters, context) { try block($0, $1) }
            }
            if stage.isNamed { context.offer(stage.name, x) }
        }
        return try ending(x, context)
    }

    /// Runs a part, so that what lies inside need not be kept if nobody observes it.
    private func recomputing(
        _ input: Variable, _ names: [String], _ parameters: [Parameter], _ context: ForwardContext,
        _ part: @escaping (Variable, ForwardContext) throws -> Variable
    ) throws -> Variable {
        guard isRecomputed, !names.contains(where: context.observes) else { return try part(input, context) }
        return try context.layer(names[names.count - 1]) {
            try context.recomputing(input, parameters: parameters, part)
        }
    }

    /// What precedes the blocks.
    func beginning(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        let x = try first(context.tape.converted(images, to: precision), adding: nil, context)
        guard let pooling else { return x }
        // Without a backward pass nobody asks where the maxima were.
        return context.layer("pooling") {
            context.tape.isRecording ? context.tape.pooling(x, pooling) : Variable(x.value.pooled(pooling))
        }
    }

    /// What follows the blocks.
    func ending(_ x: Variable, _ context: ForwardContext) throws -> Variable {
        try last?(x, adding: nil, context) ?? x
    }

    /// The same layers of other units.
    func map<Other>(_ transform: (Unit) -> Other) -> StagedLayers<Other> {
        var layers = StagedLayers<Other>(
            first: transform(first), pooling: pooling,
            stages: stages.map { stage in
                .init(name: stage.name, blocks: stage.blocks.map { $0.map(transform) })
            }, last: last.map(transform))
        (layers.precision, layers.isRecomputed) = (precision, isRecomputed)
        return layers
    }
}

extension StagedLayers.Stage {
    /// Whether the stage has a name that is not also that of its last block, whose output is the same.
    var isNamed: Bool { blocks.last?.name != name }
}

extension StagedLayers.Stage: Sendable where Unit: Sendable {}
extension StagedLayers: Sendable where Unit: Sendable {}
