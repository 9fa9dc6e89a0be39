public import Tensors

/// A backbone that only infers: batch normalization is part of the convolutions, and nothing is recorded.
///
/// It owns its weights, so that training the backbone it was made from does not change it.
public protocol FrozenBackbone: AnyObject, Sendable {
    /// Length of a feature vector, F.
    var featureCount: Int { get }

    /// The taps that were kept.
    var taps: Set<FeatureTap> { get }

    /// `[N, 3, H, W]` to `[N, F]`, and the feature maps on the way.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - observing: Some of `taps`.
    /// - Returns: Features `[N, F]`, and for each observed tap the raw output of its convolution,
    ///   `[N, C, H', W']`.
    func features(
        _ images: Tensor, observing: Set<FeatureTap>
    ) -> (features: Tensor, maps: [FeatureTap: Tensor])

    /// What is needed to go on from each of some taps; what follows the last of them is not computed.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - taps: Some of the taps that were kept.
    func states(_ images: Tensor, at taps: Set<FeatureTap>) -> [FeatureTap: TapState]

    /// The features `[N, F]` as if one filter of a tap's convolution were zero: its raw output, before batch
    /// normalization, is 0 in that channel.
    ///
    /// Only what follows the tap is computed. The state is changed on the way and restored.
    ///
    /// - Parameters:
    ///   - tap: One of the taps that were kept.
    ///   - state: Of this tap, from this network.
    ///   - channel: The filter.
    func tail(from tap: FeatureTap, state: TapState, zeroing channel: Int) -> Tensor

    /// How zeroing a filter of a tap changes the pooled feature of its channel, for each sample and channel:
    /// `mean(rectified(shift[c] − mean[c] · gain[c] + shortcut)) − mean(output)`, `[N, C]`; nil where
    /// convolutions follow the tap, so that a filter touches other features as well.
    ///
    /// Where pooling alone follows, nothing has to be convolved.
    ///
    /// - Parameter state: Of a tap that was kept, from this network.
    func pooledChanges(_ state: TapState) -> Tensor?
}
