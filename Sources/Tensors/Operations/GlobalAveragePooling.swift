extension Tape {
    /// Mean over the rows and columns of each channel: `[N, C, H, W]` to `[N, C]`, summed in 64 bits.
    ///
    /// - Returns: 32-bit floats, whatever the map holds.
    public func globalAveragePooling(_ input: Variable) -> Variable {
        let x = input.value
        return record(x.averagedOverPositions(), from: [input]) { gradient in
            let dx = Tensor(uninitialized: x.shape, layout: x.layout, elementType: x.elementType)
            switch x.elementType {
            case .float32: dx.spread(gradient.dense(), Float.self)
            case .bfloat16: dx.spread(gradient.dense(), BFloat16.self)
            }
            input.accumulate(dx)
        }
    }
}

extension Tensor {
    /// Mean over the rows and columns of each channel: `[N, C, H, W]` to `[N, C]` of 32-bit floats, summed in 64 bits.
    public func averagedOverPositions() -> Tensor {
        switch elementType {
        case .float32: averagedOverPositions(Float.self)
        case .bfloat16: averagedOverPositions(BFloat16.self)
        }
    }

    private func averagedOverPositions<Element: StoredElement>(_ type: Element.Type) -> Tensor {
        let geometry = ChannelGeometry(self)
        let y = Tensor(uninitialized: [shape[0], shape[1]])
        let (from, to) = (pointer(to: type), y.pointer)
        let channels = shape[1]
        let scale = 1 / Double(geometry.positions)
        parallelRanges(geometry.samples * geometry.blocks, weight: geometry.blockStride) { range in
            for item in range {
                let (sample, block) = (item / geometry.blocks, item % geometry.blocks)
                let start = from + item * geometry.blockStride
                for lane in 0..<min(geometry.lanes, channels - block * geometry.lanes) {
                    var sum = 0.0
                    for position in 0..<geometry.positions {
                        sum += Double(start[position * geometry.lanes + lane].widened)
                    }
                    to[sample * channels + block * geometry.lanes + lane] = Float(sum * scale)
                }
            }
        }
        withExtendedLifetime((self, y)) {}
        return y
    }

    /// Writes `mean / (H · W)` to each position of a channel, and zeros to channels of padding.
    fileprivate func spread<Element: StoredElement>(_ mean: Tensor, _ type: Element.Type) {
        let geometry = ChannelGeometry(self)
        let channels = shape[1]
        let scale = 1 / Double(geometry.positions)
        let (from, to) = (mean.pointer, pointer(to: type))
        parallelRanges(geometry.samples * geometry.blocks, weight: geometry.blockStride) { range in
            for item in range {
                let (sample, block) = (item / geometry.blocks, item % geometry.blocks)
                let start = to + item * geometry.blockStride
                for lane in 0..<geometry.lanes {
                    let channel = block * geometry.lanes + lane
                    let share = channel < channels ? from[sample * channels + channel] * Float(scale) : 0
                    for position in 0..<geometry.positions {
                        start[position * geometry.lanes + lane] = Element(rounding: share)
                    }
                }
            }
        }
        withExtendedLifetime((self, mean)) {}
    }
}
