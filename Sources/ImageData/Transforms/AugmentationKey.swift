public import Tensors

/// What the random changes of one view of one sample are drawn by.
///
/// A draw depends on nothing else: not on ranks, workers, or what was drawn before.
public struct AugmentationKey: Sendable, Hashable {
    /// The run's seed.
    public let seed: UInt64
    /// Number of the pass over the data.
    public let pass: Int
    /// Index of the sample in its data set.
    public let sample: Int
    /// Which image of the sample.
    public let view: ImageView

    /// A key from its parts.
    public init(seed: UInt64, pass: Int, sample: Int, view: ImageView) {
        (self.seed, self.pass, self.sample, self.view) = (seed, pass, sample, view)
    }

    /// The stream of `PadCrop` and `HorizontalFlip`: its first word is the crop's row, the second the crop's
    /// column, the third the flip's coin, so that leaving one out does not move what the other draws.
    var placement: KeyedRandom {
        KeyedRandom(seed: seed, purpose: .augmentation, pass, sample, view.rawValue)
    }

    /// A stream of its own for another random transform.
    ///
    /// - Parameter transform: A number that no other transform of the composition has, whichever: draws of one
    ///   number do not depend on which other transforms there are.
    public func random(_ transform: Int) -> KeyedRandom {
        KeyedRandom(seed: seed, purpose: .augmentation, pass, sample, view.rawValue, transform)
    }
}
