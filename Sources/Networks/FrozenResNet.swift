internal import Layers
internal import Tensors

/// A residual network for inference, made by `ResNet.frozen(keeping:)`.
final class FrozenResNet: FrozenBackbone {
    let featureCount: Int
    let taps: Set<FeatureTap>
    private let firstConvolution: InferenceConvolution
    private let pooling: PoolingSettings?
    private let stages: [[FrozenResidualBlock]]

    init(
        featureCount: Int, taps: Set<FeatureTap>, firstConvolution: InferenceConvolution,
        pooling: PoolingSettings?, stages: [[FrozenResidualBlock]]
    ) {
        self.featureCount = featureCount
        self.taps = taps
        self.firstConvolution = firstConvolution
        self.pooling = pooling
        self.stages = stages
    }

    func features(
        _ images: Tensor, observing: Set<FeatureTap>
    ) -> (features: Tensor, maps: [FeatureTap: Tensor]) {
        precondition(observing.isSubset(of: taps), "observing \(observing), kept \(taps)")
        var maps: [FeatureTap: Tensor] = [:]
        var x = beginning(images)
        for stage in stages.indices {
            let result = run(stage, x)
            x = result.output
            let tap = FeatureTap(stage: stage)
            if observing.contains(tap) { maps[tap] = result.map }
        }
        return (x.averagedOverPositions(), maps)
    }

    func states(_ images: Tensor, at taps: Set<FeatureTap>) -> [FeatureTap: TapState] {
        precondition(taps.isSubset(of: self.taps), "states at \(taps), kept \(self.taps)")
        guard let deepest = taps.map(\.stage).max() else { return [:] }
        var states: [FeatureTap: TapState] = [:]
        var x = beginning(images)
        for stage in 0...deepest {
            let result = run(stage, x)
            x = result.output
            let tap = FeatureTap(stage: stage)
            if taps.contains(tap), let map = result.map {
                states[tap] = TapState(tap: tap, map: map, shortcut: result.shortcut, output: result.output)
            }
        }
        return states
    }

    func tail(from tap: FeatureTap, state: TapState, zeroing channel: Int) -> Tensor {
        precondition(state.tap == tap, "state of \(state.tap) for the tail from \(tap)")
        // Zeroing a filter changes one channel of the block's output. It is rewritten for the stages that
        // follow, and put back bit by bit.
        let original = state.output.channel(channel)
        defer { state.output.replaceChannel(channel, with: original) }
        state.output.replaceChannel(
            channel, with: normalization(behind: tap).zeroed(channel: channel, residual: state.shortcut))
        var x = state.output
        for stage in stages.indices.dropFirst(tap.stage + 1) { x = run(stage, x).output }
        return x.averagedOverPositions()
    }

    func pooledChanges(_ state: TapState) -> Tensor {
        precondition(
            state.tap.stage == stages.count - 1,
            "zeroing a filter of \(state.tap), which is not the last of \(stages.count) stages, changes more")
        return normalization(behind: state.tap).pooledChanges(output: state.output, residual: state.shortcut)
    }

    private func beginning(_ images: Tensor) -> Tensor {
        let x = firstConvolution(images)
        return pooling.map { x.pooled($0) } ?? x
    }

    /// The result of the last block of a stage.
    private func run(_ stage: Int, _ input: Tensor) -> FrozenResidualBlock.Result {
        let blocks = stages[stage]
        let x = blocks.dropLast().reduce(input) { $1($0).output }
        return blocks[blocks.count - 1](x)
    }

    private func normalization(behind tap: FeatureTap) -> FixedNormalization {
        guard taps.contains(tap), let normalization = stages[tap.stage].last?.tapNormalization else {
            preconditionFailure("\(tap) was not kept, only \(taps)")
        }
        return normalization
    }
}
