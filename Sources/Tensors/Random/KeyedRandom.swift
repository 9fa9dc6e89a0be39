internal import Foundation

/// A stream of random numbers that is a pure function of a seed, a purpose and further keys.
///
/// No draw depends on draws before it elsewhere, so order and augmentation are the same whatever the number
/// of ranks or threads, and after a resume. The key words are folded one by one through the finalizer of
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014); the stream is SplitMix64 from the folded state on.
public struct KeyedRandom: RandomNumberGenerator, Sendable {
    /// What a stream is for; streams of different purposes are unrelated.
    public enum Purpose: UInt64, Sendable {
        /// The permutation of a pass over the data.
        case order = 1
        /// Which samples of a class are kept.
        case sampling = 2
        /// Which samples are set aside for validation.
        case split = 3
        /// Crops and flips of one sample.
        case augmentation = 4
        /// Initial weights.
        case initialization = 5
    }

    private var state: UInt64
    private var spare: Float?

    /// The stream of the given keys.
    public init(seed: UInt64, purpose: Purpose, keys: [UInt64] = []) {
        // The state is mixed once more than the next word, so that two words cannot change places.
        state = ([seed, purpose.rawValue, UInt64(keys.count)] + keys).reduce(0) {
            Self.mixed(($0 ^ Self.mixed($1 &+ Self.increment)) &+ Self.increment)
        }
    }

    private static let increment: UInt64 = 0x9e37_79b9_7f4a_7c15

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mixed(state)
    }

    /// A number in `[0, 1)` with 24 random bits.
    public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// A draw from the standard normal distribution, by the method of Box and Muller.
    public mutating func normal() -> Float {
        if let spare {
            self.spare = nil
            return spare
        }
        let radius = (-2 * log(1 - Double(next() >> 11) * 0x1p-53)).squareRoot()
        let angle = 2 * Double.pi * Double(next() >> 11) * 0x1p-53
        spare = Float(radius * sin(angle))
        return Float(radius * cos(angle))
    }
}
