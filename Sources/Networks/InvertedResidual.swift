internal import Layers
internal import Tensors

extension ResidualBlock {
    /// A block of EfficientNet-Lite: a 1×1 convolution to `expansion` times the channels, a depthwise one, and a
    /// 1×1 convolution that is not rectified. Without expansion the first is left out and the block is a
    /// depthwise separable convolution.
    ///
    /// The input is added where the extents stay the same. Sandler et al., MobileNetV2: inverted residuals and
    /// linear bottlenecks, CVPR 2018.
    convenience init(
        name: String, inputChannels: Int, outputChannels: Int, size: Int, stride: Int, expansion: Int
    ) {
        let width = inputChannels * expansion
        let isExpanding = expansion > 1
        var count = 0
        func convolution(
            _ convolution: String, from inputs: Int, to outputs: Int, size: Int = 1,
            settings: ConvolutionSettings = .init(), activation: Activation = .relu6
        ) -> NormalizedConvolution {
            count += 1
            return NormalizedConvolution(
                name: "\(name).\(convolution)", normalization: "\(name).bn\(count)", inputChannels: inputs,
                outputChannels: outputs, size: size, settings: settings, epsilon: EfficientNetLite.epsilon,
                activation: activation)
        }
        let expanding = isExpanding ? [convolution("conv_pw", from: inputChannels, to: width)] : []
        let depthwise = convolution(
            "conv_dw", from: width, to: width, size: size,
            settings: .init(stride: stride, padding: .same, groups: width))
        let last = convolution(
            isExpanding ? "conv_pwl" : "conv_pw", from: width, to: outputChannels, activation: .none)
        self.init(
            expanding + [depthwise], last: last,
            shortcut: stride == 1 && inputChannels == outputChannels ? .identity : .none)
    }
}
