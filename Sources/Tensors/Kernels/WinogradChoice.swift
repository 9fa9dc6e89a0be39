internal import COneDNN

/// Which convolutions of 3×3 are computed by Winograd's F(4×4, 3×3), in which 36 products of a transformed tile and
/// transformed weights give 16 outputs, a quarter of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks", CVPR 2016).
///
/// oneDNN 2.6 has it for AVX-512 and 32-bit floats, forward and for both gradients, at about twice the speed of the
/// direct algorithm. Against sums of 64 bits, outputs and gradients of inputs are off by 1e-6 of their root mean square
/// (the direct ones by 2e-7), gradients of weights by 6e-7 (the direct ones by 2e-7 to 2e-6).
enum WinogradChoice {
    /// With fewer positions, of all samples together, the transforms of the weights take longer than the products that
    /// they save.
    private static let fewestPositions = 768
    private static let block = 16
    private static let kernel = 3

    /// The algorithms in the order in which they are tried.
    static func algorithms(
        _ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType,
        output: Shape
    ) -> [dnnl_alg_kind_t] {
        // With zeros on some sides only, oneDNN's gradient of the input is wrong: a test of convolutions sees it.
        let pays =
            key.elementType == .float32 && type == .float32
            && layouts == (.blocked(block), .blocked(block)) && key.settings.groups == 1
            && key.settings.stride == 1 && key.weight[2] == kernel && key.weight[3] == kernel
            && key.settings.sides(input: key.input, weight: key.weight) == (1, 1, 1, 1)
            && output[0] * output[2] * output[3] >= fewestPositions
        return pays ? [dnnl_convolution_winograd, dnnl_convolution_direct] : [dnnl_convolution_direct]
    }
}
