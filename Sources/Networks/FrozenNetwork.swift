internal import Layers
internal import Tensors

/// A network of stages for inference, made by `StagedNetwork.frozen(keeping:)`.
final class FrozenNetwork: FrozenBackbone {
    let featureCount: Int
    let taps: Set<FeatureTap>
    private let first: InferenceConvolution
    private let pooling: PoolingSettings?
    private let stages: [[FrozenResidualBlock]]
    private let last: InferenceConvolution?

    init(
        featureCount: Int, taps: Set<FeatureTap>, first: InferenceConvolution, pooling: PoolingSettings?,
        stages: [[FrozenResidualBlock]], last: InferenceConvolution?
    ) {
        (self.featureCount, self.taps) = (featureCount, taps)
        (self.first, self.pooling, self.stages, self.last) = (first, pooling, stages, last)
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
        return (pooled(x), maps)
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
        let (normalization, activation) = behind(tap)
        let original = state.output.channel(channel)
        defer { state.output.replaceChannel(channel, with: original) }
        state.output.replaceChannel(
            channel,
            with: normalization.ofZeros(
                channel: channel, of: state.map.shape, residual: state.shortcut, activation: activation))
        var x = state.output
        for stage in stages.indices.dropFirst(tap.stage + 1) { x = run(stage, x).output }
        return pooled(x)
    }

    func pooledChanges(_ state: TapState) -> Tensor? {
        guard last == nil, state.tap.stage == stages.count - 1, let shortcut = state.shortcut else {
            return nil
        }
        let (normalization, activation) = behind(state.tap)
        return normalization.pooledChangesOfZeros(
            output: state.output, residual: shortcut, activation: activation)
    }

    private func beginning(_ images: Tensor) -> Tensor {
        let x = first(images)
        return pooling.map { x.pooled($0) } ?? x
    }

    /// What follows the stages.
    private func pooled(_ x: Tensor) -> Tensor { (last?(x) ?? x).averagedOverPositions() }

    /// The result of the last block of a stage.
    private func run(_ stage: Int, _ input: Tensor) -> FrozenResidualBlock.Result {
        let blocks = stages[stage]
        let x = blocks.dropLast().reduce(input) { $1($0).output }
        return blocks[blocks.count - 1](x)
    }

    /// The normalization behind a kept tap, and what follows it and the addition.
    private func behind(_ tap: FeatureTap) -> (FixedNormalization, Activation) {
        guard taps.contains(tap), let block = stages[tap.stage].last,
            let normalization = block.tapNormalization
        else { preconditionFailure("\(tap) was not kept, only \(taps)") }
        return (normalization, block.activation)
    }
}
