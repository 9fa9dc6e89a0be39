import Tensors

/// The definition of batch normalization, written out in 64 bits, to compare with.
struct NaiveNormalization {
    let shape: Shape
    let x: [Double]
    let scale: [Double]
    let shift: [Double]
    let epsilon = 1e-5
    let mean: [Double]
    let variance: [Double]
    private let usesBatch: Bool

    /// Statistics are those of `x`, biased, or the ones given.
    init(_ x: Tensor, scale: Tensor, shift: Tensor, fixed: (mean: Tensor, variance: Tensor)? = nil) {
        shape = x.shape
        self.x = x.elements.map(Double.init)
        self.scale = scale.elements.map(Double.init)
        self.shift = shift.elements.map(Double.init)
        usesBatch = fixed == nil
        if let fixed {
            mean = fixed.mean.elements.map(Double.init)
            variance = fixed.variance.elements.map(Double.init)
        } else {
            let members = Self.members(of: x.shape)
            let values = self.x
            let mean = members.map { $0.reduce(0) { $0 + values[$1] } / Double($0.count) }
            variance = zip(members, mean).map { indices, mean in
                indices.reduce(0) { $0 + (values[$1] - mean) * (values[$1] - mean) } / Double(indices.count)
            }
            self.mean = mean
        }
    }

    /// Offsets of the elements of each channel.
    private static func members(of shape: Shape) -> [[Int]] {
        let positions = shape[2] * shape[3]
        return (0..<shape[1]).map { channel in
            (0..<shape[0]).flatMap { sample in
                (0..<positions).map { (sample * shape[1] + channel) * positions + $0 }
            }
        }
    }

    private func channel(_ index: Int) -> Int { index / (shape[2] * shape[3]) % shape[1] }

    private func normalized(_ index: Int) -> Double {
        let c = channel(index)
        return (x[index] - mean[c]) / (variance[c] + epsilon).squareRoot()
    }

    func forward(residual: Tensor?, activation: Activation) -> [Double] {
        let added = residual?.elements.map(Double.init)
        return x.indices.map { index in
            let c = channel(index)
            let y = normalized(index) * scale[c] + shift[c] + (added?[index] ?? 0)
            switch activation {
            case .none: return y
            case .relu: return max(y, 0)
            case .relu6: return min(max(y, 0), 6)
            }
        }
    }

    /// Derivatives of `Σ dy · y`, where `output` is what `forward` returned.
    func gradients(
        _ dy: Tensor, output: [Double], activation: Activation
    ) -> (x: [Double], scale: [Double], shift: [Double], residual: [Double]) {
        let slopes = dy.elements.enumerated().map { index, slope -> Double in
            let isCut =
                switch activation {
                case .none: false
                case .relu: output[index] <= 0
                case .relu6: output[index] <= 0 || output[index] >= 6
                }
            return isCut ? 0 : Double(slope)
        }
        var dx = [Double](repeating: 0, count: x.count)
        var (dScale, dShift) = (scale, shift)
        for (c, indices) in Self.members(of: shape).enumerated() {
            let sum = indices.reduce(0.0) { $0 + slopes[$1] }
            let product = indices.reduce(0.0) { $0 + slopes[$1] * normalized($1) }
            (dShift[c], dScale[c]) = (sum, product)
            let count = Double(indices.count)
            let gain = scale[c] / (variance[c] + epsilon).squareRoot()
            for index in indices {
                let throughStatistics = usesBatch ? (sum + normalized(index) * product) / count : 0
                dx[index] = gain * (slopes[index] - throughStatistics)
            }
        }
        return (dx, dScale, dShift, slopes)
    }
}
