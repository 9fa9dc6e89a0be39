public import Tensors

/// What a forward pass needs to know besides its input.
public struct ForwardContext {
    /// Where operations are recorded.
    public let tape: Tape

    /// How batch normalization works in this pass.
    public let normalization: BatchNormalizationMode

    /// Adds up statistics over the ranks, where they are synchronized.
    public let reducer: (any StatisticsReducer)?

    /// Who observes the outputs of layers, if anyone does.
    let outputs: LayerOutputs?

    /// The statistics of the part that is recomputed, if this pass is in one.
    let remembered: RememberedStatistics?

    /// A pass that records on `tape`.
    ///
    /// - Parameters:
    ///   - tape: Where operations are recorded.
    ///   - normalization: How batch normalization works.
    ///   - reducer: Adds up statistics over the ranks; needed where they are synchronized.
    public init(
        tape: Tape, normalization: BatchNormalizationMode, reducer: (any StatisticsReducer)? = nil
    ) {
        self.init(tape: tape, normalization: normalization, reducer: reducer, outputs: nil)
    }

    /// The same pass on another tape, observed by nobody.
    public func recording(on tape: Tape) -> ForwardContext {
        ForwardContext(tape: tape, normalization: normalization, reducer: reducer)
    }

    init(
        tape: Tape, normalization: BatchNormalizationMode, reducer: (any StatisticsReducer)?,
        outputs: LayerOutputs?, remembered: RememberedStatistics? = nil
    ) {
        precondition(
            normalization != .synchronized || reducer != nil, "synchronized statistics without a reducer")
        (self.tape, self.normalization) = (tape, normalization)
        (self.reducer, self.outputs, self.remembered) = (reducer, outputs, remembered)
    }

    /// A pass for evaluation: nothing is recorded and no buffer changes.
    public static var inference: ForwardContext {
        ForwardContext(tape: Tape(recording: false), normalization: .frozen)
    }
}
