public import Tensors

/// A network without its classifier: images to features.
public protocol Backbone: AnyObject {
    /// Length of a feature vector, F.
    var featureCount: Int { get }

    /// Name that published weights give to the linear layer behind the features, for example `fc`.
    var headName: String { get }

    /// All trained tensors, in the order of published weights.
    var parameters: [Parameter] { get }

    /// All layers with running statistics, in the order of published weights.
    var normalizations: [BatchNormalization] { get }

    /// Draws all weights anew, from the seed and their names.
    func initialize(seed: UInt64)

    /// Where feature maps can be observed, from the images on.
    var taps: [FeatureTap] { get }

    /// Names of the stages in published weights and in configurations, for example `layer1`; the tap of a
    /// stage has its place among them.
    var stageNames: [String] { get }

    /// Name that published weights give to a tap's convolution, for example `layer1.2.conv3`.
    func tapName(_ tap: FeatureTap) -> String

    /// Channels of a tap's feature map.
    func tapChannels(_ tap: FeatureTap) -> Int

    /// `[N, 3, H, W]` to `[N, F]`, and the feature maps on the way.
    ///
    /// A map is the very variable that the network goes on with, so a penalty on it reaches the weights.
    /// What is not observed costs nothing.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - context: Where operations are recorded and how batch normalization works.
    ///   - observing: Some of `taps`.
    /// - Returns: Features `[N, F]`, and for each observed tap the raw output of its convolution,
    ///   `[N, C, H', W']`.
    /// - Throws: What the reducer of synchronized batch normalization throws.
    func features(
        _ images: Variable, _ context: ForwardContext, observing: Set<FeatureTap>
    ) throws -> (features: Variable, maps: [FeatureTap: Variable])

    /// A copy for inference, made from the present parameters and running statistics.
    ///
    /// - Parameter taps: The taps that can be observed in the copy; elsewhere batch normalization becomes
    ///   part of the convolutions.
    func frozen(keeping taps: Set<FeatureTap>) -> any FrozenBackbone
}

extension Backbone {
    /// `[N, 3, H, W]` to `[N, F]`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    public func features(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        try features(images, context, observing: []).features
    }
}
