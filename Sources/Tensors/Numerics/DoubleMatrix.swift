internal import COpenBLAS

/// A dense row-major matrix of 64-bit floats, for what 32 bits are too coarse for: spectra, regressions,
/// statistics.
public struct DoubleMatrix: Sendable, Equatable {
    /// Number of rows.
    public let rowCount: Int
    /// Number of columns.
    public let columnCount: Int
    /// The elements, one row after the other.
    public var elements: [Double]

    /// A matrix of the given elements; a wrong number of them traps.
    public init(rowCount: Int, columnCount: Int, elements: [Double]) {
        precondition(
            elements.count == rowCount * columnCount,
            "\(elements.count) elements for a matrix of \(rowCount) rows and \(columnCount) columns")
        self.rowCount = rowCount
        self.columnCount = columnCount
        self.elements = elements
    }

    /// A matrix of zeros.
    public init(zeros rowCount: Int, _ columnCount: Int) {
        self.init(
            rowCount: rowCount, columnCount: columnCount,
            elements: [Double](repeating: 0, count: rowCount * columnCount))
    }

    /// The indices of one row's elements.
    public func range(ofRow row: Int) -> Range<Int> { row * columnCount..<(row + 1) * columnCount }

    /// The elements of `[N, F]`, widened.
    public init(_ matrix: Tensor) {
        precondition(matrix.shape.rank == 2, "a matrix of \(matrix.shape)")
        self.init(
            rowCount: matrix.shape[0], columnCount: matrix.shape[1],
            elements: matrix.dense().withElements { $0.map(Double.init) })
    }

    /// `self · other`: `[N, K]` and `[K, F]` to `[N, F]`.
    public func times(_ other: DoubleMatrix) -> DoubleMatrix {
        precondition(
            columnCount == other.rowCount,
            "product of \(rowCount) × \(columnCount) with \(other.rowCount) × \(other.columnCount)")
        return Self.product(self, other, transposed: (false, false), rowCount, other.columnCount, columnCount)
    }

    /// `self · otherᵀ`: `[N, F]` and `[K, F]` to `[N, K]`.
    public func times(transposed other: DoubleMatrix) -> DoubleMatrix {
        precondition(
            columnCount == other.columnCount,
            "product of \(rowCount) × \(columnCount) with the transpose of "
                + "\(other.rowCount) × \(other.columnCount)")
        return Self.product(self, other, transposed: (false, true), rowCount, other.rowCount, columnCount)
    }

    /// `selfᵀ · other`: `[N, K]` and `[N, F]` to `[K, F]`.
    public func transposedTimes(_ other: DoubleMatrix) -> DoubleMatrix {
        precondition(
            rowCount == other.rowCount,
            "product of the transpose of \(rowCount) × \(columnCount) with "
                + "\(other.rowCount) × \(other.columnCount)")
        return Self.product(self, other, transposed: (true, false), columnCount, other.columnCount, rowCount)
    }

    private static func product(
        _ left: DoubleMatrix, _ right: DoubleMatrix, transposed: (Bool, Bool), _ rows: Int, _ columns: Int,
        _ inner: Int
    ) -> DoubleMatrix {
        // An empty sum is zero; BLAS does not take leading dimensions of zero.
        guard rows > 0, columns > 0, inner > 0 else { return DoubleMatrix(zeros: rows, columns) }
        let elements = [Double](unsafeUninitializedCapacity: rows * columns) { buffer, count in
            left.elements.withUnsafeBufferPointer { left in
                right.elements.withUnsafeBufferPointer { right in
                    cblas_dgemm(
                        CblasRowMajor, transposed.0 ? CblasTrans : CblasNoTrans,
                        transposed.1 ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns),
                        blasint(inner), 1, left.baseAddress, blasint(transposed.0 ? rows : inner),
                        right.baseAddress, blasint(transposed.1 ? inner : columns), 0, buffer.baseAddress,
                        blasint(columns))
                }
            }
            count = rows * columns
        }
        return DoubleMatrix(rowCount: rows, columnCount: columns, elements: elements)
    }
}
