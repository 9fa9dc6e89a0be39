extension Tensor {
    /// One channel of `[N, C, H, W]`, copied out as 32-bit floats: `[N, H, W]`.
    public func channel(_ channel: Int) -> Tensor {
        let values = Tensor(uninitialized: [shape[0], shape[2], shape[3]])
        switch elementType {
        case .float32: read(channel, into: values, Float.self)
        case .bfloat16: read(channel, into: values, BFloat16.self)
        }
        return values
    }

    /// Overwrites one channel of `[N, C, H, W]`, in place, with `[M, H, W]`.
    ///
    /// - Parameters:
    ///   - channel: The channel.
    ///   - values: Of as many samples as are to change.
    ///   - firstSample: The first of them.
    public func replaceChannel(_ channel: Int, with values: Tensor, firstSample: Int = 0) {
        precondition(
            values.layout == .dense && values.elementType == .float32
                && Array(values.shape.dimensions.dropFirst()) == [shape[2], shape[3]]
                && firstSample >= 0 && firstSample + values.shape[0] <= shape[0],
            "\(values.shape) for a channel of \(shape) from sample \(firstSample) on")
        let samples = firstSample..<firstSample + values.shape[0]
        switch elementType {
        case .float32: write(channel, of: samples, from: values, Float.self)
        case .bfloat16: write(channel, of: samples, from: values, BFloat16.self)
        }
    }

    private func read<Element: StoredElement>(_ channel: Int, into values: Tensor, _: Element.Type) {
        let to = values.pointer
        let from = pointer(to: Element.self)
        forEachElement(of: channel) { index, offset in to[index] = from[offset].widened }
        withExtendedLifetime((self, values)) {}
    }

    private func write<Element: StoredElement>(
        _ channel: Int, of samples: Range<Int>, from values: Tensor, _: Element.Type
    ) {
        let from = values.pointer
        let to = pointer(to: Element.self)
        forEachElement(of: channel, samples: samples) { index, offset in
            to[offset] = Element(rounding: from[index])
        }
        withExtendedLifetime((self, values)) {}
    }

    /// The tensor so many times, along the first dimension, in the same layout.
    public func repeated(_ count: Int) -> Tensor {
        if case .packed = layout { preconditionFailure("weights of a convolution have no samples") }
        precondition(count > 0 && shape.rank > 0, "\(count) times \(shape)")
        let result = Tensor(
            uninitialized: Shape([count * shape[0]] + shape.dimensions.dropFirst()), layout: layout,
            elementType: elementType)
        let byteCount = storedCount * elementType.byteCount
        for copy in 0..<count {
            (result.memory + copy * byteCount).copyMemory(from: memory, byteCount: byteCount)
        }
        withExtendedLifetime((self, result)) {}
        return result
    }

    /// Calls `body` with each place in `[N, H, W]` and the offset of that element of a channel.
    @inline(__always)
    private func forEachElement(
        of channel: Int, samples: Range<Int>? = nil, _ body: (_ index: Int, _ offset: Int) -> Void
    ) {
        precondition(shape.rank == 4 && channel >= 0 && channel < shape[1], "channel \(channel) of \(shape)")
        let geometry = ChannelGeometry(self)
        let block = channel / geometry.lanes
        let samples = samples ?? 0..<geometry.samples
        for sample in samples {
            let start =
                (sample * geometry.blocks + block) * geometry.blockStride + channel % geometry.lanes
            let first = (sample - samples.lowerBound) * geometry.positions
            for position in 0..<geometry.positions {
                body(first + position, start + position * geometry.lanes)
            }
        }
    }
}
