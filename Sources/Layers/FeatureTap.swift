/// A place in a backbone whose feature maps methods compare: the last convolution of a stage, before its
/// batch normalization.
///
/// Li et al., DELTA: deep learning transfer using feature map with attention for convolutional networks,
/// ICLR 2019, compare these maps.
public struct FeatureTap: Hashable, Sendable {
    /// The stage, counted from 0.
    public let stage: Int

    /// The tap at the end of a stage.
    public init(stage: Int) {
        precondition(stage >= 0, "stage \(stage)")
        self.stage = stage
    }
}
