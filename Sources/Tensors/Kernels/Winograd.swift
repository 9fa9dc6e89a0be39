internal import COneDNN
internal import CVectors

/// A convolution of 3×3 that can be computed by Winograd's F(4×4, 3×3), in which 36 products of a transformed tile and
/// transformed weights give 16 outputs, a quarter of 144 (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks", CVPR 2016). With AVX-512 or AVX2; for a stride of one, zeros on all four sides and pairs of blocks of
/// channels.
///
/// Tiles, weights and sums are of 32 bits, be the maps of 32-bit floats or of bfloat16 numbers. Against sums of 64 bits,
/// outputs and gradients are off by less than 1e-6 of their root mean square; those of the direct algorithm by 2e-7, its
/// gradients of weights by 2e-7 to 2e-6. The processor multiplies 32-bit floats at half the speed of bfloat16 numbers,
/// but a quarter of the products is left.
struct Winograd: Sendable {
    /// Numbers of a transformed tile, and of the transformed weights of a pair of channels.
    static let products = 36
    static let kernel = 3
    /// Inputs and outputs of a tile's side.
    private static let side = 4
    /// Floats behind each of the 36 numbers of what belongs together.
    static var gap: Int { Int(cvectors_winograd_gap) }

    /// `[N, I, H, W]`, and channels of the output.
    let input: Shape
    let outputs: Int
    /// Channels in a block.
    let block: Int
    let isNarrow: Bool

    /// Nil for any other convolution, for other maps than those, and where oneDNN multiplies matrices of bfloat16.
    init?(_ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType) {
        #if arch(x86_64)
            let (outputs, inputs, block) = (key.weight[0], key.weight[1], Engine.nativeBlock)
            guard Engine.vectors != cvectors_oldest, type == .float32 || Engine.multipliesBFloat16Vectors,
                layouts == (.blocked(block), .blocked(block)), key.settings.groups == 1,
                key.settings.stride == 1,
                key.weight[2] == Self.kernel, key.weight[3] == Self.kernel,
                key.settings.sides(input: key.input, weight: key.weight) == (1, 1, 1, 1),
                outputs % (2 * block) == 0, inputs % (2 * block) == 0
            else { return nil }
            (input, self.outputs, self.block) = (key.input, outputs, block)
            isNarrow = type == .bfloat16
        #else
            return nil
        #endif
    }

    /// Positions of the output of all samples.
    var positions: Int { input[0] * input[2] * input[3] }

    /// Tiles of all samples.
    var tiles: Int {
        input[0] * ((input[2] + Self.side - 1) / Self.side) * ((input[3] + Self.side - 1) / Self.side)
    }

    #if arch(x86_64)
        /// - Parameters:
        ///   - inputs: Channels of the map that is read.
        ///   - outputs: Channels of the map that is written, or whose gradient is read too.
        func shape(inputs: Int, outputs: Int) -> cvectors_winograd {
            cvectors_winograd(
                input_blocks: inputs / block, output_blocks: outputs / block, rows: input[2],
                columns: input[3], tiles: tiles, is_narrow: isNarrow ? 1 : 0)
        }
    #endif
}
