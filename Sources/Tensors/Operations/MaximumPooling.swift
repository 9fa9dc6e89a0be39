internal import CVectors

/// Maximum pooling of feature maps in blocks of channels. It notes where in its window each maximum lay, so that the
/// backward pass reads neither input nor output.
struct MaximumPooling: Sendable {
    private let settings: PoolingSettings
    private let input: Shape
    private let output: Shape
    private let lanes: Int
    /// Samples times blocks of channels.
    private let planes: Int

    /// Nil for maps that do not lie in blocks, and windows with more places than a byte can name.
    init?(_ x: Tensor, _ settings: PoolingSettings) {
        guard settings.kind == .maximum, settings.size <= 16, case .blocked(let lanes) = x.layout else {
            return nil
        }
        (self.settings, input, self.lanes) = (settings, x.shape, lanes)
        output = settings.outputShape(input: x.shape)
        planes = x.shape[0] * ((x.shape[1] + lanes - 1) / lanes)
    }

    /// The largest element of each window, and for each the place in its window, row by row, of the first such
    /// element. NaN counts as larger than any number.
    func forward(_ x: Tensor, notingPlaces: Bool) -> (y: Tensor, places: Tensor?) {
        let y = Tensor(uninitialized: output, layout: x.layout, elementType: x.elementType)
        let places = notingPlaces ? Tensor(uninitialized: [(y.storedCount + 3) / 4]) : nil
        forEachPlane(x.elementType) { plane, width, windows in
            cvectors_largest(
                Engine.vectors, Int32(lanes), width == 2 ? 1 : 0, x.memory + plane * inputCount * width,
                y.memory + plane * outputCount * width,
                places.map { ($0.memory + plane * outputCount).assumingMemoryBound(to: UInt8.self) }, windows)
        }
        withExtendedLifetime((x, y, places)) {}
        return (y, places)
    }

    /// The gradient of the input: that of each window's maximum goes to where it lay. Where windows overlap, the sum is
    /// formed in 32 bits and rounded once.
    func backward(_ gradient: Tensor, _ places: Tensor) -> Tensor {
        let dx = Tensor(uninitialized: input, layout: gradient.layout, elementType: gradient.elementType)
        forEachPlane(dx.elementType) { plane, width, windows in
            cvectors_largest_gradient(
                Engine.vectors, Int32(lanes), width == 2 ? 1 : 0,
                gradient.memory + plane * outputCount * width,
                (places.memory + plane * outputCount).assumingMemoryBound(to: UInt8.self),
                dx.memory + plane * inputCount * width, windows)
        }
        withExtendedLifetime((gradient, dx, places)) {}
        return dx
    }

    /// Elements of one block of channels of a sample.
    private var inputCount: Int { input[2] * input[3] * lanes }
    private var outputCount: Int { output[2] * output[3] * lanes }

    /// Calls `body` with each block of channels of a sample, the bytes of an element, and the windows over it.
    private func forEachPlane(
        _ elementType: ElementType,
        _ body: (_ plane: Int, _ width: Int, _ windows: UnsafePointer<cvectors_windows>) -> Void
    ) {
        let windows = cvectors_windows(
            rows: input[2], columns: input[3], output_rows: output[2], output_columns: output[3],
            size: settings.size, stride: settings.stride, padding: settings.padding)
        withUnsafePointer(to: windows) { windows in
            parallelRanges(planes, weight: inputCount) { range in
                for plane in range { body(plane, elementType.byteCount, windows) }
            }
        }
    }
}
