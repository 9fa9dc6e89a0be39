internal import Tensors

/// The k smallest singular values of a matrix `X`, squared and summed, as a product: with the eigenvectors
/// of the smaller Gram matrix, `Σ σ² = ‖left · right‖²` and its gradient is `2 · left · right`.
///
/// With B ≤ F the rows of `right` are `u_iᵀ · X` and the columns of `left` are u_i; else the columns of
/// `left` are `X · v_i` and the rows of `right` are v_iᵀ. The value is the squared norm of the factor that
/// `X` entered: it cannot be negative, as a computed eigenvalue near zero can.
struct SmallestSpectrum {
    let value: Double
    private let count: Int
    private let columns: Int
    /// `[B, k]`.
    private let left: [Double]
    /// `[k, F]`.
    private let right: [Double]

    /// - Parameters:
    ///   - matrix: `[B, F]`.
    ///   - count: k.
    init(of matrix: Tensor, count: Int) throws {
        let (rows, columns) = (matrix.shape[0], matrix.shape[1])
        try SingularValueCountError.check(count: count, batchSize: rows, featureCount: columns)
        let x = DoubleMatrix(matrix)
        if let place = x.elements.firstIndex(where: { !$0.isFinite }) {
            throw NonFiniteError(
                what: "features of the global batch", position: [place / columns, place % columns],
                value: x.elements[place])
        }
        let isWide = rows <= columns
        let vectors = try x.gram(ofRows: isWide).smallestEigenvectors(count: count)
        let projected = (isWide ? vectors.times(x) : x.times(transposed: vectors)).elements
        (self.count, self.columns) = (count, columns)
        value = projected.reduce(0.0) { $0 + $1 * $1 }
        if isWide {
            left = (0..<rows * count).map { vectors.elements[$0 % count * rows + $0 / count] }
            right = projected
        } else {
            (left, right) = (projected, vectors.elements)
        }
    }

    /// `scale · 2 · left · right`, some rows of it.
    func gradient(rows: Range<Int>, scale: Double) -> Tensor {
        Tensor([rows.count, columns]) { buffer in
            for row in rows {
                let start = (row - rows.lowerBound) * columns
                for column in 0..<columns {
                    var sum = 0.0
                    for index in 0..<count {
                        sum += left[row * count + index] * right[index * columns + column]
                    }
                    buffer[start + column] = Float(2 * scale * sum)
                }
            }
        }
    }
}
