/// How convolutions and poolings of `bfloat16` are computed; both give the same to the last bits of the sums.
package enum BFloat16Route: Hashable, Sendable {
    /// By primitives that read and write `bfloat16`.
    case native
    /// By primitives of 32-bit floats, between a pass that widens and one that rounds.
    case widened

    /// The one to take whatever the processor has, for tests; nil: the first that is fast. Where oneDNN has no
    /// native primitives, forcing them traps: see `isPossible`.
    @TaskLocal package static var forced: BFloat16Route?

    /// Whether oneDNN has implementations for it on this processor, fast or slow.
    package var isPossible: Bool { self == .widened || Engine.hasBFloat16Primitives }
}
