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

    /// Stages that a configuration can name.
    private static let namedStages = 0..<4

    /// The tap of a name in a configuration, `layer1` to `layer4`; nil for any other text.
    public init?(configurationName: String) {
        let taps = Self.namedStages.map(FeatureTap.init(stage:))
        guard let tap = taps.first(where: { $0.configurationName == configurationName }) else { return nil }
        self = tap
    }

    /// For example `layer1` for the first stage.
    public var configurationName: String { "layer\(stage + 1)" }
}
