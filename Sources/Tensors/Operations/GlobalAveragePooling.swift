extension Tape {
    /// Mean over the rows and columns of each channel: `[N, C, H, W]` to `[N, C]`, summed in 64 bits.
    public func globalAveragePooling(_ input: Variable) -> Variable {
        let x = input.value
        let geometry = ChannelGeometry(x)
        let channels = x.shape[1]
        let scale = 1 / Double(geometry.positions)
        return record(x.averagedOverPositions(), from: [input]) { gradient in
            let dy = gradient.dense()
            let dx = Tensor(uninitialized: x.shape, layout: x.layout)
            let (from, to) = (dy.pointer, dx.pointer)
            parallelRanges(geometry.samples * geometry.blocks, weight: geometry.blockStride) { range in
                for item in range {
                    let (sample, block) = (item / geometry.blocks, item % geometry.blocks)
                    let start = to + item * geometry.blockStride
                    for lane in 0..<geometry.lanes {
                        let channel = block * geometry.lanes + lane
                        let share =
                            channel < channels ? from[sample * channels + channel] * Float(scale) : 0
                        for position in 0..<geometry.positions {
                            start[position * geometry.lanes + lane] = share
                        }
                    }
                }
            }
            withExtendedLifetime((dy, dx)) {}
            input.accumulate(dx)
        }
    }
}

extension Tensor {
    /// Mean over the rows and columns of each channel: `[N, C, H, W]` to `[N, C]`, summed in 64 bits.
    public func averagedOverPositions() -> Tensor {
        let geometry = ChannelGeometry(self)
        let y = Tensor(uninitialized: [shape[0], shape[1]])
        let (from, to) = (pointer, y.pointer)
        let channels = shape[1]
        let scale = 1 / Double(geometry.positions)
        parallelRanges(geometry.samples * geometry.blocks, weight: geometry.blockStride) { range in
            for item in range {
                let (sample, block) = (item / geometry.blocks, item % geometry.blocks)
                let start = from + item * geometry.blockStride
                for lane in 0..<min(geometry.lanes, channels - block * geometry.lanes) {
                    var sum = 0.0
                    for position in 0..<geometry.positions {
                        sum += Double(start[position * geometry.lanes + lane])
                    }
                    to[sample * channels + block * geometry.lanes + lane] = Float(sum * scale)
                }
            }
        }
        withExtendedLifetime((self, y)) {}
        return y
    }
}
