extension Tensor {
    /// One channel of `[N, C, H, W]`, copied out: `[N, H, W]`.
    public func channel(_ channel: Int) -> Tensor {
        let values = Tensor(uninitialized: [shape[0], shape[2], shape[3]])
        let to = values.pointer
        let from = pointer
        forEachElement(of: channel) { index, offset in to[index] = from[offset] }
        withExtendedLifetime((self, values)) {}
        return values
    }

    /// Overwrites one channel of `[N, C, H, W]`, in place, with `[N, H, W]`.
    public func replaceChannel(_ channel: Int, with values: Tensor) {
        precondition(
            values.layout == .dense && values.shape == [shape[0], shape[2], shape[3]],
            "\(values.shape) for a channel of \(shape)")
        let from = values.pointer
        let to = pointer
        forEachElement(of: channel) { index, offset in to[offset] = from[index] }
        withExtendedLifetime((self, values)) {}
    }

    /// Calls `body` with each place in `[N, H, W]` and the offset of that element of a channel.
    @inline(__always)
    private func forEachElement(of channel: Int, _ body: (_ index: Int, _ offset: Int) -> Void) {
        precondition(shape.rank == 4 && channel >= 0 && channel < shape[1], "channel \(channel) of \(shape)")
        let geometry = ChannelGeometry(self)
        let block = channel / geometry.lanes
        for sample in 0..<geometry.samples {
            let start =
                (sample * geometry.blocks + block) * geometry.blockStride + channel % geometry.lanes
            for position in 0..<geometry.positions {
                body(sample * geometry.positions + position, start + position * geometry.lanes)
            }
        }
    }
}
