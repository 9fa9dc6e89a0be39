public import Tensors

/// What a forward pass needs to know besides its input.
public struct ForwardContext {
    /// Where batch normalization takes its statistics from.
    public enum Normalization {
        /// From the batch of all ranks, all-reduced by the reducer; running statistics follow.
        case synchronized(any StatisticsReducer)
        /// From the batch of this rank; running statistics follow, and differ between ranks.
        case local
        /// From the running statistics, which stay as they are: evaluation mode.
        case running
    }

    /// Where operations are recorded.
    public let tape: Tape

    /// How batch normalization works in this pass.
    public let normalization: Normalization

    /// Who observes the outputs of layers, if anyone does.
    let outputs: LayerOutputs?

    /// A pass that records on `tape`.
    public init(tape: Tape, normalization: Normalization) {
        self.init(tape: tape, normalization: normalization, outputs: nil)
    }

    init(tape: Tape, normalization: Normalization, outputs: LayerOutputs?) {
        (self.tape, self.normalization, self.outputs) = (tape, normalization, outputs)
    }

    /// A pass for evaluation: nothing is recorded and no buffer changes.
    public static var inference: ForwardContext {
        ForwardContext(tape: Tape(recording: false), normalization: .running)
    }
}
