// What a normalization, an addition and an activation make of a channel of zeros.

extension FixedNormalization {
    /// `activation(shift[c] − mean[c] · gain[c] + residual[n, c, h, w])`: channel c of what the normalization,
    /// the addition and the activation make of a map that is zero in that channel.
    ///
    /// - Parameters:
    ///   - channel: The channel, c.
    ///   - shape: `[N, C, H, W]` of the map.
    ///   - residual: `[N, C, H, W]`, or nil where nothing is added.
    ///   - activation: What follows.
    /// - Returns: `[N, H, W]`.
    public func zeroed(
        channel: Int, of shape: Shape, residual: Tensor?, activation: Activation
    ) -> Tensor {
        precondition(
            shape[1] == channelCount && (residual == nil || residual?.shape == shape),
            "\(channelCount) channels expected in \(shape), and a residual of that shape")
        let offset = Float(offsets[channel])
        let values =
            residual?.channel(channel) ?? Tensor(repeating: 0, [shape[0], shape[2], shape[3]])
        values.withMutableElements { elements in
            for index in elements.indices { elements[index] = activation(elements[index] + offset) }
        }
        return values
    }

    /// How the mean over positions changes in each channel where zeros take that channel's place in the map:
    /// `mean_hw activation(shift[c] − mean[c] · gain[c] + residual) − mean_hw output`, summed in 64 bits.
    ///
    /// - Parameters:
    ///   - output: `[N, C, H, W]`: what normalization, addition and activation made of the whole map.
    ///   - residual: `[N, C, H, W]`: what was added.
    ///   - activation: What followed.
    /// - Returns: `[N, C]`.
    public func pooledChanges(output: Tensor, residual: Tensor, activation: Activation) -> Tensor {
        precondition(
            output.shape == residual.shape && output.shape[1] == channelCount,
            "output \(output.shape) and residual \(residual.shape) of \(channelCount) channels")
        let residual = residual.with(layout: output.layout).converted(to: output.elementType)
        switch output.elementType {
        case .float32: return pooledChanges(output, residual, activation, Float.self)
        case .bfloat16: return pooledChanges(output, residual, activation, BFloat16.self)
        }
    }

    private func pooledChanges<Element: StoredElement>(
        _ output: Tensor, _ residual: Tensor, _ activation: Activation, _ type: Element.Type
    ) -> Tensor {
        let geometry = ChannelGeometry(output)
        let channels = channelCount
        let changes = Tensor(uninitialized: [output.shape[0], channels])
        let (whole, added, to) = (output.pointer(to: type), residual.pointer(to: type), changes.pointer)
        let offsets = offsets.map(Float.init)
        parallelRanges(geometry.samples * geometry.blocks, weight: geometry.blockStride) { range in
            for item in range {
                let (sample, block) = (item / geometry.blocks, item % geometry.blocks)
                let start = item * geometry.blockStride
                let first = block * geometry.lanes
                for lane in 0..<min(geometry.lanes, channels - first) {
                    var sum = 0.0
                    for position in 0..<geometry.positions {
                        let index = start + position * geometry.lanes + lane
                        sum +=
                            Double(activation(added[index].widened + offsets[first + lane]))
                            - Double(whole[index].widened)
                    }
                    to[sample * channels + first + lane] = Float(sum / Double(geometry.positions))
                }
            }
        }
        withExtendedLifetime((output, residual, changes)) {}
        return changes
    }
}
