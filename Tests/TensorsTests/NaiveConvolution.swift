import Tensors

/// The definition of a convolution, written out in 64 bits, to compare with.
struct NaiveConvolution {
    let input: Shape
    let weight: Shape
    let stride: Int
    /// Top, bottom, left, right.
    let padding: [Int]
    let groups: Int

    var output: Shape {
        [
            input[0], weight[0], (input[2] + padding[0] + padding[1] - weight[2]) / stride + 1,
            (input[3] + padding[2] + padding[3] - weight[3]) / stride + 1,
        ]
    }

    /// Calls `body` with the offsets of output, input and weight of each product in the sums.
    private func forEachProduct(_ body: (_ output: Int, _ input: Int, _ weight: Int) -> Void) {
        let (outputsOfGroup, inputsOfGroup) = (weight[0] / groups, weight[1])
        for sample in 0..<input[0] {
            for channel in 0..<weight[0] {
                for row in 0..<output[2] {
                    for column in 0..<output[3] {
                        let to = ((sample * output[1] + channel) * output[2] + row) * output[3] + column
                        for inner in 0..<inputsOfGroup {
                            let from = channel / outputsOfGroup * inputsOfGroup + inner
                            for i in 0..<weight[2] {
                                let y = row * stride + i - padding[0]
                                guard 0..<input[2] ~= y else { continue }
                                for j in 0..<weight[3] {
                                    let x = column * stride + j - padding[2]
                                    guard 0..<input[3] ~= x else { continue }
                                    body(
                                        to, ((sample * input[1] + from) * input[2] + y) * input[3] + x,
                                        ((channel * inputsOfGroup + inner) * weight[2] + i) * weight[3] + j)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    func forward(_ x: Tensor, _ w: Tensor, bias: Tensor?) -> [Double] {
        let (xs, ws) = (x.elements.map(Double.init), w.elements.map(Double.init))
        let positions = output[2] * output[3]
        let shifts = bias?.elements.map(Double.init)
        var y = (0..<output.count).map { shifts?[$0 / positions % output[1]] ?? 0 }
        forEachProduct { to, from, kernel in y[to] += xs[from] * ws[kernel] }
        return y
    }

    func gradients(_ x: Tensor, _ w: Tensor, _ dy: Tensor) -> (x: [Double], w: [Double], bias: [Double]) {
        let (xs, ws, slopes) = (
            x.elements.map(Double.init), w.elements.map(Double.init), dy.elements.map(Double.init)
        )
        var (dx, dw) = ([Double](repeating: 0, count: xs.count), [Double](repeating: 0, count: ws.count))
        forEachProduct { to, from, kernel in
            dx[from] += slopes[to] * ws[kernel]
            dw[kernel] += slopes[to] * xs[from]
        }
        var bias = [Double](repeating: 0, count: output[1])
        for (index, slope) in slopes.enumerated() {
            bias[index / (output[2] * output[3]) % output[1]] += slope
        }
        return (dx, dw, bias)
    }
}
