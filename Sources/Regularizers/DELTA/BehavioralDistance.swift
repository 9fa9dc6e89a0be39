public import Tensors

extension Tape {
    /// This rank's share of behavioral regularization: the squared distances of layers' outputs from those of
    /// the source network, summed over an ordered list of layers j,
    ///
    ///     Σ_j ½ Σ (x_j − x⁰_j)²                                     without attention
    ///     Σ_j ½ Σ_{n,c} C_j · W_j[c] · ‖x_j[n, c] − x⁰_j[n, c]‖² / (H_j · W_j)   with it
    ///
    /// Both are sums over the batch, not means: samples are local, and the shares of all ranks add up as they
    /// are.
    /// Li, Xiong, Wang, Rao, Liu, Chen and Huan, DELTA: deep learning transfer using feature map with attention
    /// for convolutional networks, ICLR 2019.
    ///
    /// - Parameters:
    ///   - maps: x_j of the samples of this rank: `[N, C, H, W]`, features or logits `[N, C]`, or any other
    ///     shape that begins with samples and channels. At least one.
    ///   - sourceMaps: x⁰_j, as many and of the same shapes; no gradient flows into them.
    ///   - attention: W_j, one number a channel for each map, equal on every rank; nil for the plain sum. See
    ///     `ChannelAttention.weights`.
    /// - Returns: A scalar.
    public func behavioralDistance(
        _ maps: [Variable], from sourceMaps: [Tensor], attention: [[Float]]? = nil
    ) -> Variable {
        precondition(
            !maps.isEmpty && maps.count == sourceMaps.count && attention?.count ?? maps.count == maps.count,
            "\(maps.count) maps, \(sourceMaps.count) of the source, attention for "
                + "\(attention?.count ?? maps.count)")
        let distances = maps.indices.map {
            featureMapDistance(maps[$0], reference: sourceMaps[$0], channelWeights: attention?[$0])
        }
        return distances.dropFirst().reduce(distances[0]) { add($0, $1) }
    }

    /// `behavioralDistance` of one layer: one pass over memory gives the value, one the gradient, in the
    /// layout of `map`; only a reference in another layout is copied. Squares are summed in 64 bits.
    ///
    /// - Parameters:
    ///   - map: x, `[N, C, H, W]` or another shape that begins with samples and channels.
    ///   - reference: x⁰, of the same shape; no gradient flows into it.
    ///   - channelWeights: W, C numbers, equal on every rank; nil for the plain sum.
    /// - Returns: A scalar.
    public func featureMapDistance(
        _ map: Variable, reference: Tensor, channelWeights: [Float]? = nil
    ) -> Variable {
        precondition(map.shape == reference.shape, "distance of \(map.shape) from \(reference.shape)")
        let x = map.value.asFeatureMap
        let x0 = reference.asFeatureMap.with(layout: x.layout)
        let channels = x.shape[1]
        precondition(
            channelWeights == nil || channelWeights?.count == channels,
            "\(channelWeights?.count ?? 0) channel weights for \(map.shape)")
        let scale = Double(channels) / Double(max(x.shape[2] * x.shape[3], 1))
        let factors =
            channelWeights?.map { Double($0) * scale } ?? [Double](repeating: 1, count: channels)
        let distances = x.channelSquaredDistances(from: x0)
        let value = factors.indices.reduce(0.0) { $0 + factors[$1] * distances[$1] } / 2
        return record(Tensor(scalar: Float(value)), from: [map]) { gradient in
            let slope = Double(gradient.scalar)
            let dx = x.scaledDifference(from: x0, channelFactors: factors.map { Float($0 * slope) })
            map.accumulate(dx.shape == map.shape ? dx : dx.reshaped(map.shape))
        }
    }
}

extension Tensor {
    /// This tensor as `[N, C, H, W]`: itself, or a view of what has other dimensions behind the channels.
    fileprivate var asFeatureMap: Tensor {
        guard shape.rank != 4 else { return self }
        precondition(shape.rank >= 2, "samples and channels expected, not \(shape)")
        return dense().reshaped([shape[0], shape[1], shape.dimensions.dropFirst(2).reduce(1, *), 1])
    }
}
