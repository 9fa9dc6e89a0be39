internal import Layers
internal import Tensors

/// What a staged network consists of: a convolution without bias, its batch normalization and an activation,
/// `y = activation(normalization(x ⋆ w) + shortcut)`.
///
/// The trained network has `NormalizedConvolution`s, its frozen copy `FrozenConvolution`s; all else, blocks,
/// stages and the forward pass, is written once for both.
protocol ConvolutionUnit {
    /// Name of the convolution in published weights.
    var name: String { get }

    /// What is trained.
    var parameters: [Parameter] { get }

    /// `[N, I, H, W]` to `[N, O, H', W']`; offers the raw output of the convolution under its name.
    ///
    /// - Parameter shortcut: `[N, O, H', W']` to add before the activation, or nil.
    func callAsFunction(
        _ input: Variable, adding shortcut: Variable?, _ context: ForwardContext
    ) throws -> Variable
}
