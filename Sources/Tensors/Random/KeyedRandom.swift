/// A random stream that is found by its keys instead of by what was drawn before.
///
/// The same keys give the same stream on every rank, thread and machine, so nothing that is drawn depends
/// on how work was divided or where a run was resumed.
///
/// Construction, with `γ = 0x9E3779B97F4A7C15`, wrapping arithmetic and SplitMix64's finalizer
///
///     mix(z):  z = (z ^ z >> 30) · 0xBF58476D1CE4E5B9
///              z = (z ^ z >> 27) · 0x94D049BB133111EB
///              z ^ z >> 31
///
/// the seed, the purpose, each further key and at last the number of further keys are folded into one word,
/// `h = mix(seed + γ)`, then `h = mix((h ^ key) + γ)` for each of them. The stream is SplitMix64 from there:
/// word n is `mix(h + n·γ)`, n = 1, 2, ….
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct KeyedRandom: RandomNumberGenerator, Sendable {
    /// What a stream is for, so that equal keys of different uses do not meet.
    public enum Purpose: UInt64, Sendable, CaseIterable {
        /// Order of the samples in a pass. Key: pass.
        case order = 1
        /// Choice of few samples. Key: class.
        case sampling = 2
        /// Choice of the validation part. Key: class.
        case split = 3
        /// Random changes of an image. Keys: pass, sample, view.
        case augmentation = 4
        /// First values of parameters. Keys are up to the caller.
        case initialization = 5
    }

    private static let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var state: UInt64

    /// The stream of the given keys.
    public init(seed: UInt64, purpose: Purpose, _ keys: Int...) {
        var state = Self.mix(seed &+ Self.gamma)
        func fold(_ key: UInt64) { state = Self.mix((state ^ key) &+ Self.gamma) }
        fold(purpose.rawValue)
        for key in keys { fold(UInt64(bitPattern: Int64(key))) }
        fold(UInt64(keys.count))
        self.state = state
    }

    /// A bijection of 64-bit words in which every bit of the input moves about half the bits of the output.
    package static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// The next word of the stream.
    public mutating func next() -> UInt64 {
        state &+= Self.gamma
        return Self.mix(state)
    }
}
