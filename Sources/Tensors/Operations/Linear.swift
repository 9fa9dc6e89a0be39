extension Tape {
    /// `y = x · weightᵀ + bias`.
    ///
    /// - Parameters:
    ///   - input: `[N, F]`.
    ///   - weight: `[K, F]`.
    ///   - bias: `[K]`, or nil.
    /// - Returns: `[N, K]`.
    public func linear(_ input: Variable, weight: Variable, bias: Variable? = nil) -> Variable {
        let x = input.value.dense()
        precondition(
            x.shape.rank == 2 && weight.shape.rank == 2 && x.shape[1] == weight.shape[1],
            "linear layer of weight \(weight.shape) on \(x.shape)")
        precondition(
            bias == nil || bias?.shape == [weight.shape[0]], "bias of another length than \(weight.shape)")
        let y = Tensor(uninitialized: [x.shape[0], weight.shape[0]])
        if let bias {
            for row in 0..<y.shape[0] {
                y.rows(row..<row + 1).copy(from: bias.value.reshaped([1, bias.shape[0]]))
            }
        }
        product(x, weight.value, transposed: (false, true), into: y, adding: bias != nil)
        return record(y, from: [input, weight] + (bias.map { [$0] } ?? [])) { gradient in
            let dy = gradient.dense()
            if weight.requiresGradient {
                let dw = Tensor(uninitialized: weight.shape)
                product(dy, x, transposed: (true, false), into: dw)
                weight.accumulate(dw)
            }
            if let bias, bias.requiresGradient { bias.accumulate(columnSums(dy)) }
            if input.requiresGradient {
                let dx = Tensor(uninitialized: x.shape)
                product(dy, weight.value, transposed: (false, false), into: dx)
                input.accumulate(dx)
            }
        }
    }
}

/// `[N, K]` to `[K]`, summed in 64 bits.
private func columnSums(_ matrix: Tensor) -> Tensor {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    let elements = matrix.pointer
    let sums = Tensor([columns]) { buffer in
        for column in 0..<columns {
            var sum = 0.0
            for row in 0..<rows { sum += Double(elements[row * columns + column]) }
            buffer[column] = Float(sum)
        }
    }
    withExtendedLifetime(matrix) {}
    return sums
}
