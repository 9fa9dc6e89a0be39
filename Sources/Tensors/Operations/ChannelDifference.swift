extension Tensor {
    /// `Σ_{n,h,w} (x − y)²` of each channel of `[N, C, H, W]`, in 64 bits: C numbers.
    ///
    /// One pass over memory in this tensor's layout; only a `reference` in another layout or type is copied.
    ///
    /// - Parameter reference: y, of the same shape.
    public func channelSquaredDistances(from reference: Tensor) -> [Double] {
        precondition(shape == reference.shape, "distances of \(shape) from \(reference.shape)")
        let (x, y) = alike(with: reference)
        return x.elementType == .float32
            ? x.squaredDistances(y, Float.self) : x.squaredDistances(y, BFloat16.self)
    }

    /// `factor[c] · (x − y)` for each channel c of `[N, C, H, W]`, in this tensor's layout, with zeros in
    /// channels of padding.
    ///
    /// - Parameters:
    ///   - reference: y, of the same shape.
    ///   - factors: C numbers.
    public func scaledDifference(from reference: Tensor, channelFactors factors: [Float]) -> Tensor {
        precondition(
            shape == reference.shape && shape.rank == 4 && factors.count == shape[1],
            "\(factors.count) factors for the difference of \(shape) and \(reference.shape)")
        let (x, y) = alike(with: reference)
        return x.elementType == .float32
            ? x.scaledDifference(y, factors, Float.self) : x.scaledDifference(y, factors, BFloat16.self)
    }

    /// Both in this tensor's layout, and of 32-bit floats unless both are of a narrower type.
    private func alike(with reference: Tensor) -> (Tensor, Tensor) {
        let reference = reference.with(layout: layout)
        guard elementType != reference.elementType else { return (self, reference) }
        return (converted(to: .float32), reference.converted(to: .float32))
    }

    private func squaredDistances<Element: StoredElement>(
        _ reference: Tensor, _ type: Element.Type
    ) -> [Double] {
        let geometry = ChannelGeometry(self)
        let sums = ChannelKernels(geometry: geometry).sums(
            SquaredDifferenceKernel(
                first: UnsafePointer(pointer(to: type)), second: UnsafePointer(reference.pointer(to: type))))
        withExtendedLifetime((self, reference)) {}
        return Array(sums[shape[1]...])
    }

    private func scaledDifference<Element: StoredElement>(
        _ reference: Tensor, _ factors: [Float], _ type: Element.Type
    ) -> Tensor {
        let geometry = ChannelGeometry(self)
        let padded = factors + [Float](repeating: 0, count: geometry.paddedChannels - factors.count)
        let result = Tensor(uninitialized: shape, layout: layout, elementType: elementType)
        padded.withUnsafeBufferPointer { factors in
            guard let factor = factors.baseAddress else { return }
            ChannelKernels(geometry: geometry).forEach(
                ScaledDifferenceKernel(
                    first: UnsafePointer(pointer(to: type)),
                    second: UnsafePointer(reference.pointer(to: type)),
                    factor: factor, result: result.pointer(to: type)))
        }
        withExtendedLifetime((self, reference, result)) {}
        return result
    }
}

/// `(x − y)²`, as the second of the two sums; the first stays empty.
private struct SquaredDifferenceKernel<Element: StoredElement>: VectorSums {
    let first: UnsafePointer<Element>
    let second: UnsafePointer<Element>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector) {
        let deviation = ChannelKernels.WideVector(Element.load(first, offset) - Element.load(second, offset))
        return (.zero, deviation * deviation)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let deviation = Double(first[offset].widened - second[offset].widened)
        return (0, deviation * deviation)
    }
}

/// `factor · (x − y)`.
private struct ScaledDifferenceKernel<Element: StoredElement>: VectorMap {
    let first: UnsafePointer<Element>
    let second: UnsafePointer<Element>
    let factor: UnsafePointer<Float>
    let result: UnsafeMutablePointer<Element>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) {
        let deviation = Element.load(first, offset) - Element.load(second, offset)
        Element.store(deviation * Float.load(factor, channel), result, offset)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        result[offset] = Element(
            rounding: (first[offset].widened - second[offset].widened) * factor[channel])
    }
}
