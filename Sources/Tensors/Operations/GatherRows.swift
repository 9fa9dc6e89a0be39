extension Tensor {
    /// The given rows of a dense tensor, in their order, as a tensor of their own.
    public func gathered(rows: [Int]) -> Tensor {
        precondition(rows.allSatisfy { $0 >= 0 && $0 < shape[0] }, "rows \(rows) of \(shape)")
        let width = count / max(shape[0], 1)
        return Tensor(Shape([rows.count] + shape.dimensions.dropFirst())) { buffer in
            withElements { elements in
                for (index, row) in rows.enumerated() {
                    for column in 0..<width {
                        buffer[index * width + column] = elements[row * width + column]
                    }
                }
            }
        }
    }
}
