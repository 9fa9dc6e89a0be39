public import Tensors

/// What a forward pass needs to know besides its input.
public struct ForwardContext {
    /// Where batch normalization takes its statistics from.
    public enum Normalization {
        /// From the batch of all ranks, summed by the reducer, and running statistics follow.
        case synchronized(any StatisticsReducer)
        /// From the batch of this rank, and running statistics follow; those differ between ranks.
        case local
        /// From the running statistics, which stay as they are.
        case running
    }

    /// Where operations are recorded.
    public let tape: Tape

    /// How batch normalization works in this pass.
    public let normalization: Normalization

    /// A pass that records on `tape`.
    public init(tape: Tape, normalization: Normalization) {
        self.tape = tape
        self.normalization = normalization
    }

    /// A pass for evaluation: nothing is recorded and nothing changes.
    public static var inference: ForwardContext {
        ForwardContext(tape: Tape(recording: false), normalization: .running)
    }
}
