public import Layers
public import Tensors

/// A network of stages of residual blocks: a first convolution, perhaps a pooling, the stages, perhaps a last
/// convolution, and the mean over positions.
///
/// `ResNet` and `EfficientNetLite` say which blocks; all else is the same.
public class StagedNetwork: Backbone {
    /// Length of a feature vector.
    public let featureCount: Int
    /// The classifier's name in published weights.
    public let headName: String
    /// The stages' names in published weights.
    public let stageNames: [String]

    private let first: NormalizedConvolution
    private let pooling: PoolingSettings?
    private let stages: [[ResidualBlock]]
    private let last: NormalizedConvolution?

    /// A network of at least one stage, each of at least one block.
    init(
        headName: String, stageNames: [String], first: NormalizedConvolution, pooling: PoolingSettings?,
        stages: [[ResidualBlock]], last: NormalizedConvolution?
    ) {
        precondition(
            stages.count == stageNames.count && stages.allSatisfy { !$0.isEmpty },
            "stages \(stages.map(\.count)) for \(stageNames)")
        (self.headName, self.stageNames) = (headName, stageNames)
        (self.first, self.pooling, self.stages, self.last) = (first, pooling, stages, last)
        featureCount = last?.outputChannels ?? stages.last?.last?.outputChannels ?? first.outputChannels
    }

    private var blocks: [ResidualBlock] { stages.flatMap { $0 } }

    /// All trained tensors, in the order of published weights.
    public var parameters: [Parameter] {
        first.parameters + blocks.flatMap(\.parameters) + (last?.parameters ?? [])
    }

    /// All batch normalizations, in the order of published weights.
    public var normalizations: [BatchNormalization] {
        [first.normalization] + blocks.flatMap(\.normalizations) + (last.map { [$0.normalization] } ?? [])
    }

    /// Draws all convolutions anew, from the seed and their names.
    public func initialize(seed: UInt64) {
        first.convolution.initialize(seed: seed)
        for block in blocks { block.initialize(seed: seed) }
        last?.convolution.initialize(seed: seed)
    }

    /// The stages' ends.
    public var taps: [FeatureTap] { stages.indices.map(FeatureTap.init(stage:)) }

    /// Name of the last convolution of a stage in published weights, for example `layer3.22.conv3`.
    public func tapName(_ tap: FeatureTap) -> String { tapBlock(tap).tapName }

    /// Channels of the last convolution of a stage.
    public func tapChannels(_ tap: FeatureTap) -> Int { tapBlock(tap).outputChannels }

    private func tapBlock(_ tap: FeatureTap) -> ResidualBlock {
        precondition(stages.indices.contains(tap.stage), "no \(tap) in \(stages.count) stages")
        return stages[tap.stage][stages[tap.stage].count - 1]
    }

    /// `[N, 3, H, W]` to `[N, F]`, and the raw outputs of observed taps.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func features(
        _ images: Variable, _ context: ForwardContext, observing: Set<FeatureTap>
    ) throws -> (features: Variable, maps: [FeatureTap: Variable]) {
        precondition(observing.isSubset(of: taps), "observing \(observing) of \(taps)")
        var x = try first(images, context).output
        if let pooling { x = context.tape.pooling(x, pooling) }
        var maps: [FeatureTap: Variable] = [:]
        for (stage, blocks) in stages.enumerated() {
            let tap = FeatureTap(stage: stage)
            for (index, block) in blocks.enumerated() {
                let result = try block(x, context)
                x = result.output
                if index == blocks.count - 1, observing.contains(tap) { maps[tap] = result.map }
            }
        }
        if let last { x = try last(x, context).output }
        return (context.tape.globalAveragePooling(x), maps)
    }

    /// A copy for inference, made from the present parameters and running statistics.
    public func frozen(keeping taps: Set<FeatureTap>) -> any FrozenBackbone {
        precondition(taps.isSubset(of: self.taps), "keeping \(taps) of \(self.taps)")
        return FrozenNetwork(
            featureCount: featureCount, taps: taps, first: first.frozen(), pooling: pooling,
            stages: stages.enumerated().map { stage, blocks in
                blocks.enumerated().map { index, block in
                    block.frozen(
                        keepingMap: index == blocks.count - 1 && taps.contains(FeatureTap(stage: stage)))
                }
            }, last: last?.frozen())
    }
}
