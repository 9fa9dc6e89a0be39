extension Tape {
    /// This rank's share of the squared distance between feature maps and those of the source network, as
    /// in DELTA: without weights
    ///
    ///     ½ Σ_{n,c,h,w} (x − x⁰)²
    ///
    /// and with a weight W for each channel
    ///
    ///     ½ Σ_{n,c} C · W[c] · ‖x[n, c] − x⁰[n, c]‖² / (H · W)
    ///
    /// Both are sums over the batch, not means: samples are local, and the shares of all ranks add up as they
    /// are. One pass over memory gives the value, one the gradient, in the layout of `map`; only a reference
    /// in another layout is copied. Squares are summed in 64 bits.
    /// Li, Xiong, Wang, Rao, Liu, Chen and Huan, DELTA: deep learning transfer using feature map with attention for
    /// convolutional networks, ICLR 2019.
    ///
    /// - Parameters:
    ///   - map: `[N, C, H, W]`, x, of the samples of this rank.
    ///   - reference: `[N, C, H, W]`, x⁰; no gradient flows into it.
    ///   - channelWeights: C weights, equal on every rank, or nil for the plain sum.
    /// - Returns: A scalar.
    public func featureMapDistance(
        _ map: Variable, reference: Tensor, channelWeights: [Float]? = nil
    ) -> Variable {
        let x = map.value
        precondition(x.shape == reference.shape, "distance of \(x.shape) from \(reference.shape)")
        precondition(
            channelWeights == nil || channelWeights?.count == x.shape[1],
            "\(channelWeights?.count ?? 0) channel weights for \(x.shape)")
        let distance = FeatureMapDistance(
            x: x, reference: reference.with(layout: x.layout), channelWeights: channelWeights)
        return record(Tensor(scalar: Float(distance.value)), from: [map]) { gradient in
            map.accumulate(distance.gradient(scale: Double(gradient.scalar)))
        }
    }
}

/// Two feature maps of one layout, and the factor of each channel.
private struct FeatureMapDistance {
    let x: Tensor
    let reference: Tensor
    let kernels: ChannelKernels
    /// Factor of `½ Σ (x − x⁰)²` for each channel; 0 for those of padding.
    let factors: [Double]

    init(x: Tensor, reference: Tensor, channelWeights: [Float]?) {
        (self.x, self.reference) = (x, reference)
        let geometry = ChannelGeometry(x)
        kernels = ChannelKernels(geometry: geometry)
        let channels = x.shape[1]
        let scale = Double(channels) / Double(max(geometry.positions, 1))
        factors =
            (channelWeights?.map { Double($0) * scale } ?? [Double](repeating: 1, count: channels))
            + [Double](repeating: 0, count: geometry.paddedChannels - channels)
    }

    var value: Double {
        let sums = kernels.sums(
            SquaresKernel(first: UnsafePointer(x.pointer), second: UnsafePointer(reference.pointer)))
        withExtendedLifetime((x, reference)) {}
        let count = factors.count
        return factors.indices.reduce(0.0) { $0 + factors[$1] * sums[count + $1] } / 2
    }

    /// `scale · factor[c] · (x − x⁰)`, zero in channels of padding.
    func gradient(scale: Double) -> Tensor {
        let dx = Tensor(uninitialized: x.shape, layout: x.layout)
        factors.map { Float($0 * scale) }.withUnsafeBufferPointer { factors in
            guard let factor = factors.baseAddress else { return }
            kernels.forEach(
                DifferenceKernel(
                    first: UnsafePointer(x.pointer), second: UnsafePointer(reference.pointer),
                    factor: factor, result: dx.pointer))
        }
        withExtendedLifetime((x, reference, dx)) {}
        return dx
    }
}

/// `(x − x⁰)²`, as the second of the two sums; the first stays empty.
private struct SquaresKernel: ChannelSums {
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

/// `factor · (x − x⁰)`.
private struct DifferenceKernel: ChannelMap {
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
