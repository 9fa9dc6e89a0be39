extension Tape {
    /// Each row divided by its length: `y[n] = x[n] / max(‖x[n]‖, 10⁻¹²)`.
    ///
    /// Lengths are computed in 64 bits. Rows are independent, so the result of this rank's samples is that of
    /// the global batch.
    ///
    /// - Parameters:
    ///   - input: `[N, F]`.
    ///   - appendingOne: Whether a 1 is appended to each row first, as beside a weight with its bias.
    /// - Returns: `[N, F]`, or `[N, F + 1]` with the one.
    public func normalizedRows(_ input: Variable, appendingOne: Bool = false) -> Variable {
        let x = input.value.dense()
        precondition(x.shape.rank == 2, "rows of \(x.shape)")
        let ones = appendingOne ? Tensor(repeating: 1, [x.shape[0]]) : nil
        let (y, lengths) = x.rowsAndLengths(appending: ones)
        return record(y, from: [input]) { gradient in
            let dy = gradient.dense()
            let (columns, width) = (x.shape[1], y.shape[1])
            let dx = Tensor(x.shape) { buffer in
                dy.withElements { slope in
                    y.withElements { output in
                        for row in lengths.indices {
                            let range = row * width..<(row + 1) * width
                            // A row that was too short was divided by a constant.
                            let along =
                                lengths[row] > shortestLength
                                ? range.reduce(0.0) { $0 + Double(slope[$1]) * Double(output[$1]) } : 0
                            let inverse = 1 / max(lengths[row], shortestLength)
                            for column in 0..<columns {
                                let index = row * width + column
                                buffer[row * columns + column] =
                                    Float((Double(slope[index]) - along * Double(output[index])) * inverse)
                            }
                        }
                    }
                }
            }
            input.accumulate(dx)
        }
    }
}

extension Tensor {
    /// Each row of `[N, F]` divided by its length, optionally after appending a number to each: a weight with
    /// its bias, for example. As `Tape.normalizedRows`, without a gradient.
    ///
    /// - Parameter column: `[N]`, one number a row, or nil.
    /// - Returns: `[N, F]`, or `[N, F + 1]` with a column appended.
    public func normalizedRows(appending column: Tensor? = nil) -> Tensor {
        dense().rowsAndLengths(appending: column).rows
    }

    /// The normalized rows and the length of each before.
    fileprivate func rowsAndLengths(appending column: Tensor?) -> (rows: Tensor, lengths: [Double]) {
        precondition(
            shape.rank == 2 && (column == nil || column?.shape == [shape[0]]),
            "rows of \(shape) with a column of \(column?.shape ?? [])")
        let (count, columns) = (shape[0], shape[1])
        let width = column == nil ? columns : columns + 1
        let last = column?.elements ?? []
        var lengths = [Double](repeating: 0, count: count)
        let rows = Tensor([count, width]) { buffer in
            withElements { values in
                for row in 0..<count {
                    let range = row * columns..<(row + 1) * columns
                    let appended = last.isEmpty ? 0 : Double(last[row])
                    let length = range.reduce(appended * appended) {
                        $0 + Double(values[$1]) * Double(values[$1])
                    }.squareRoot()
                    let inverse = 1 / max(length, shortestLength)
                    let target = row * width
                    for column in 0..<columns {
                        buffer[target + column] = Float(Double(values[range.lowerBound + column]) * inverse)
                    }
                    if width > columns { buffer[target + columns] = Float(appended * inverse) }
                    lengths[row] = length
                }
            }
        }
        return (rows, lengths)
    }
}

/// Rows below this length are divided by it instead, as PyTorch's `normalize` does.
private let shortestLength = 1e-12
