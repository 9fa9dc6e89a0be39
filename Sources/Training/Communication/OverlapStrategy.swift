/// How the all-reduce of gradients overlaps with the backward pass.
///
/// MPI moves data only while one of its functions runs. Which strategy is fastest depends on the network, and on
/// whether a core is left over; the bits of the result are the same with all three.
public enum OverlapStrategy: String, Sendable, CaseIterable {
    /// No overlap: the all-reduce follows the backward pass.
    case none
    /// The thread of the backward pass advances the all-reduce whenever a gradient is complete.
    case polling
    /// A thread of its own advances the all-reduce, and sleeps in between.
    case thread
}
