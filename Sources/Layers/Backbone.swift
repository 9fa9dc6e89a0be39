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

    /// `[N, 3, H, W]` to `[N, F]`.
    ///
    /// - Throws: What the reducer of synchronized batch normalization throws.
    func features(_ images: Variable, _ context: ForwardContext) throws -> Variable
}
