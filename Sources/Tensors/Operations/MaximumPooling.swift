internal import CVectors

/// Maximum pooling of feature maps in blocks of channels. It notes where in its window each maximum lay, so that the
/// backward pass reads neither input nor output.
struct MaximumPooling: Sendable {
    private typealias Vector = ChannelKernels.Vector

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
        switch x.elementType {
        case .float32: forward(x, y, places, Float.self)
        case .bfloat16: forward(x, y, places, BFloat16.self)
        }
        withExtendedLifetime((x, y, places)) {}
        return (y, places)
    }

    private func forward<Element: StoredElement>(
        _ x: Tensor, _ y: Tensor, _ places: Tensor?, _ type: Element.Type
    ) {
        let from = UnsafePointer(x.pointer(to: type))
        let (to, noted) = (y.pointer(to: type), places?.memory)
        forEachWindow { start, target, tops, lefts in
            var best = Vector(repeating: -.infinity)
            // Where nothing is larger than −∞.
            var place = Vector(repeating: Float(tops.lowerBound * settings.size + lefts.lowerBound))
            for row in tops {
                for column in lefts {
                    let value = Element.load(from, start + (row * input[3] + column) * lanes)
                    let isLarger = (value .> best) .| (value .!= value)
                    best.replace(with: value, where: isLarger)
                    place.replace(with: Float(row * settings.size + column), where: isLarger)
                }
            }
            Element.store(best, to, target)
            if let noted {
                cvectors_to_bytes(noted + target, place.lowHalf)
                cvectors_to_bytes(noted + target + 4, place.highHalf)
            }
        }
    }

    /// The gradient of the input: that of each window's maximum goes to where it lay. 32-bit floats, so that nothing
    /// is rounded where windows overlap.
    func backward(_ gradient: Tensor, _ places: Tensor) -> Tensor {
        let dx = Tensor(uninitialized: input, layout: gradient.layout)
        let (from, to) = (UnsafePointer(gradient.pointer), dx.pointer)
        let noted = places.memory
        let planeCount = input[2] * input[3] * lanes
        parallelRanges(planes, weight: planeCount) { range in
            to.advanced(by: range.lowerBound * planeCount)
                .update(repeating: 0, count: range.count * planeCount)
        }
        forEachWindow { start, target, tops, lefts in
            let slope = Float.load(from, target)
            let place = Vector(
                lowHalf: cvectors_from_bytes(noted + target),
                highHalf: cvectors_from_bytes(noted + target + 4))
            for row in tops {
                for column in lefts {
                    let offset = start + (row * input[3] + column) * lanes
                    let isMaximum = place .== Float(row * settings.size + column)
                    let addend = Vector.zero.replacing(with: slope, where: isMaximum)
                    Float.store(Float.load(to, offset) + addend, to, offset)
                }
            }
        }
        withExtendedLifetime((gradient, dx, places)) {}
        return dx
    }

    /// Calls `body` for eight channels of each window with the offset of the window's corner in the input, which may
    /// lie outside, the offset in the output, and the rows and columns of the window that lie inside.
    @inline(__always)
    private func forEachWindow(
        _ body: (_ start: Int, _ target: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
    ) {
        let (stride, padding, size) = (settings.stride, settings.padding, settings.size)
        parallelRanges(planes, weight: input[2] * input[3] * lanes) { range in
            for plane in range {
                var target = plane * output[2] * output[3] * lanes
                for outputRow in 0..<output[2] {
                    let top = outputRow * stride - padding
                    let rows = max(-top, 0)..<min(size, input[2] - top)
                    for outputColumn in 0..<output[3] {
                        let left = outputColumn * stride - padding
                        let columns = max(-left, 0)..<min(size, input[3] - left)
                        let start = ((plane * input[2] + top) * input[3] + left) * lanes
                        for lane in Swift.stride(from: 0, to: lanes, by: 8) {
                            body(start + lane, target + lane, rows, columns)
                        }
                        target += lanes
                    }
                }
            }
        }
    }
}
