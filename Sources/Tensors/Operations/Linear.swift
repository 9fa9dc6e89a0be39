internal import COpenBLAS

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

/// `result = op(a) · op(b)` or, when adding, `result += op(a) · op(b)`, where op transposes if asked to.
package func product(
    _ a: Tensor, _ b: Tensor, transposed: (Bool, Bool), into result: Tensor, adding: Bool = false
) {
    let (rows, inner) = transposed.0 ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (innerOfB, columns) = transposed.1 ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    precondition(
        inner == innerOfB && result.shape == [rows, columns],
        "product of \(a.shape) and \(b.shape), transposed \(transposed), into \(result.shape)")
    precondition(
        a.layout == .dense && b.layout == .dense && result.layout == .dense, "dense matrices expected")
    guard rows > 0, columns > 0 else { return }
    cblas_sgemm(
        CblasRowMajor, transposed.0 ? CblasTrans : CblasNoTrans, transposed.1 ? CblasTrans : CblasNoTrans,
        blasint(rows), blasint(columns), blasint(inner), 1, a.pointer, blasint(a.shape[1]), b.pointer,
        blasint(b.shape[1]), adding ? 1 : 0, result.pointer, blasint(columns))
    withExtendedLifetime((a, b, result)) {}
}
