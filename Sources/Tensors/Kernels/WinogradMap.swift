internal import CVectors

/// The output of a convolution, or the gradient of its input, by Winograd's algorithm (`Winograd`).
///
/// Some tiles at a time are transformed, multiplied and transformed back, in the second cache. The bits of an output
/// depend on neither threads nor the number of samples.
struct WinogradMap: OwnPass {
    /// Which of the two maps is computed.
    enum Pass { case output, inputGradient }

    /// Rows of tiles that are multiplied before the next ones.
    private static let rowsAtOnce = 2
    /// With fewer positions of all samples, or fewer for each channel, the transformed weights take longer to write and
    /// read than the products that they save, of which narrow numbers have fewer to save.
    private static let fewestPositions = (wide: 768, narrow: 1568)
    private static let fewestPositionsOfChannel = (wide: 8, narrow: 12)

    private let pass: Pass
    private let roundsWeights: Bool
    private let convolution: Winograd
    /// Channels of the map that is read, and of the one that is written.
    private let inputs: Int
    private let outputs: Int

    /// Nil for any other convolution, and where something else is as fast. A bias is added by what follows.
    init?(_ pass: Pass, _ key: ConvolutionKernels.Key, layouts: (Layout, Layout), _ type: ElementType) {
        guard let convolution = Winograd(key, layouts: layouts, type),
            type == .float32 || key.outputType == .bfloat16
        else { return nil }
        let (fewest, ofChannel) = (Self.fewestPositions, Self.fewestPositionsOfChannel)
        let channels = max(convolution.input[1], convolution.outputs)
        guard convolution.positions >= (convolution.isNarrow ? fewest.narrow : fewest.wide),
            convolution.positions >= (convolution.isNarrow ? ofChannel.narrow : ofChannel.wide) * channels
        else { return nil }
        (self.pass, self.convolution) = (pass, convolution)
        roundsWeights = key.elementType == .bfloat16
        let channelsOfMaps = (convolution.input[1], convolution.outputs)
        (inputs, outputs) = pass == .output ? channelsOfMaps : (channelsOfMaps.1, channelsOfMaps.0)
    }

    /// Computes a map.
    ///
    /// - Parameters:
    ///   - x: The input of the convolution, or the gradient of its output.
    ///   - weight: `[O, I, 3, 3]` in row-major order, 32-bit floats; rounded to bfloat16 on the way where the
    ///     convolution is one of such numbers.
    ///   - y: What is written.
    func run(_ x: Tensor, _ weight: Tensor, _ y: Tensor) { run(x, weight, y, following: nil) }

    /// Computes an output, and what follows in the same pass over memory.
    ///
    /// - Parameters:
    ///   - bias: `[O]`, 32-bit floats, or nil.
    ///   - added: What is added to the output, in its layout, or nil.
    ///   - activation: What follows the additions.
    func run(
        _ x: Tensor, _ weight: Tensor, _ y: Tensor, bias: Tensor?, adding added: Tensor?,
        activation: Activation
    ) {
        run(
            x, weight, y,
            following: .init(
                bias: bias.map { UnsafePointer($0.pointer) },
                added: added.map { UnsafeRawPointer($0.memory) },
                floor: activation.floor, ceiling: activation.ceiling))
        withExtendedLifetime((bias, added)) {}
    }

    private func run(
        _ x: Tensor, _ weight: Tensor, _ y: Tensor, following: cvectors_winograd_following?
    ) {
        #if arch(x86_64)
            let transformed = transform(weight)
            let weights = transformed.pointer(to: Float.self)
            let (from, to) = (UnsafeRawPointer(x.memory), y.memory)
            let shape = convolution.shape(inputs: inputs, outputs: outputs)
            let (count, row) = (shape.tiles, cvectors_winograd_row(Engine.vectors))
            let rows = (count + row - 1) / row
            let groups = (rows + Self.rowsAtOnce - 1) / Self.rowsAtOnce
            let room = Winograd.products * Self.rowsAtOnce * row
            parallelRanges(groups, weight: room * inputs * outputs) { range in
                let tileStorage = Storage(count: room * inputs + Winograd.products * Winograd.gap)
                let sumStorage = Storage(count: room * 2 * convolution.block)
                for group in range {
                    let first = rows * group / groups * row
                    let last = min(rows * (group + 1) / groups * row, count)
                    var (shape, after) = (shape, following ?? .init())
                    withUnsafePointer(to: &after) { after in
                        cvectors_winograd_convolve(
                            Engine.vectors, &shape, from, weights, to, following == nil ? nil : after, first,
                            last - first, tileStorage.pointer(to: Float.self),
                            sumStorage.pointer(to: Float.self))
                    }
                }
                withExtendedLifetime((tileStorage, sumStorage)) {}
            }
            withExtendedLifetime((x, transformed, y)) {}
        #endif
    }

    #if arch(x86_64)
        /// The weights of each pair of blocks of the map that is written: 36 times channels that are read times two
        /// blocks, with gaps.
        private func transform(_ weight: Tensor) -> Storage {
            let (taps, pair) = (Winograd.kernel * Winograd.kernel, 2 * convolution.block)
            let pairCount = Winograd.products * (inputs * pair + Winograd.gap)
            let storage = Storage(count: outputs / pair * pairCount)
            let (from, to) = (weight.pointer, storage.pointer(to: Float.self))
            let rowOfWeights = weight.shape[1] * taps
            let isGradient = pass == .inputGradient
            let (lane, step) = isGradient ? (taps, rowOfWeights) : (rowOfWeights, taps)
            parallelRanges(outputs / pair, weight: Winograd.products * inputs * pair) { range in
                for index in range {
                    cvectors_winograd_transform(
                        Engine.vectors, from + index * pair * lane, lane, step, isGradient ? 1 : 0,
                        roundsWeights ? 1 : 0, inputs,
                        to + index * pairCount)
                }
            }
            withExtendedLifetime(weight) {}
            return storage
        }
    #endif
}
