extension Tensor {
    /// `Σ_{n,h,w} (x − y)²` of each channel of `[N, C, H, W]`, in 64 bits: C numbers.
    ///
    /// One pass over memory in this tensor's layout; only a `reference` in another layout is copied.
    ///
    /// - Parameter reference: y, of the same shape.
    public func channelSquaredDistances(from reference: Tensor) -> [Double] {
        precondition(shape == reference.shape, "distances of \(shape) from \(reference.shape)")
        let reference = reference.with(layout: layout)
        let geometry = ChannelGeometry(self)
        let sums = ChannelKernels(geometry: geometry).sums(
            SquaredDifferenceKernel(
                first: UnsafePointer(pointer), second: UnsafePointer(reference.pointer)))
        withExtendedLifetime((self, reference)) {}
        return Array(sums[shape[1]...])
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
        let reference = reference.with(layout: layout)
        let geometry = ChannelGeometry(self)
        let padded = factors + [Float](repeating: 0, count: geometry.paddedChannels - factors.count)
        let result = Tensor(uninitialized: shape, layout: layout)
        padded.withUnsafeBufferPointer { factors in
            guard let factor = factors.baseAddress else { return }
            ChannelKernels(geometry: geometry).forEach(
                ScaledDifferenceKernel(
                    first: UnsafePointer(pointer), second: UnsafePointer(reference.pointer), factor: factor,
                    result: result.pointer))
        }
        withExtendedLifetime((self, reference, result)) {}
        return result
    }
}

/// `(x − y)²`, as the second of the two sums; the first stays empty.
private struct SquaredDifferenceKernel: ChannelSums {
    let first: UnsafePointer<Float>
    let second: UnsafePointer<Float>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector) {
        let deviation = ChannelKernels.WideVector(
            ChannelKernels.load(first, offset) - ChannelKernels.load(second, offset))
        return (.zero, deviation * deviation)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double) {
        let deviation = Double(first[offset] - second[offset])
        return (0, deviation * deviation)
    }
}

/// `factor · (x − y)`.
private struct ScaledDifferenceKernel: ChannelMap {
    let first: UnsafePointer<Float>
    let second: UnsafePointer<Float>
    let factor: UnsafePointer<Float>
    let result: UnsafeMutablePointer<Float>

    @inline(__always)
    func vector(_ offset: Int, _ channel: Int) {
        let deviation = ChannelKernels.load(first, offset) - ChannelKernels.load(second, offset)
        ChannelKernels.store(deviation * ChannelKernels.load(factor, channel), result, offset)
    }

    @inline(__always)
    func scalar(_ offset: Int, _ channel: Int) {
        result[offset] = (first[offset] - second[offset]) * factor[channel]
    }
}
