internal import COpenBLAS
public import Hosts

extension DoubleMatrix {
    /// A Gram matrix: `self · selfᵀ`, of the rows, or `selfᵀ · self`, of the columns.
    ///
    /// - Returns: A symmetric matrix, of which the lower triangle is filled; the rest is zeros.
    public func gram(ofRows: Bool) -> DoubleMatrix {
        let order = ofRows ? rowCount : columnCount
        var gram = DoubleMatrix(zeros: order, order)
        guard order > 0, columnCount > 0 else { return gram }
        cblas_dsyrk(
            CblasRowMajor, CblasLower, ofRows ? CblasNoTrans : CblasTrans, blasint(order),
            blasint(ofRows ? columnCount : rowCount), 1, elements, blasint(columnCount), 0, &gram.elements,
            blasint(order))
        return gram
    }

    /// Unit eigenvectors of the smallest eigenvalues of this symmetric matrix, in ascending order; only these
    /// are computed, by LAPACK's `dsyevr`.
    ///
    /// - Parameter count: How many, `1 ... rowCount`.
    /// - Returns: One vector a row, `[count, rowCount]`. Only the lower triangle of `self` is read.
    /// - Throws: `EigenvectorError` where LAPACK fails.
    public func smallestEigenvectors(count: Int) throws(EigenvectorError) -> DoubleMatrix {
        try eigenvectors(from: 0, count: count)
    }

    /// Unit eigenvectors of the largest eigenvalues of this symmetric matrix, in descending order; otherwise as
    /// `smallestEigenvectors`.
    package func largestEigenvectors(count: Int) throws(EigenvectorError) -> DoubleMatrix {
        let ascending = try eigenvectors(from: rowCount - count, count: count)
        return DoubleMatrix(
            rowCount: count, columnCount: rowCount,
            elements: (0..<count).reversed().flatMap { ascending.elements[ascending.range(ofRow: $0)] })
    }

    /// Eigenvectors in ascending order of their eigenvalues, from the one of a number on, counted from 0.
    private func eigenvectors(from first: Int, count: Int) throws(EigenvectorError) -> DoubleMatrix {
        let order = rowCount
        precondition(
            columnCount == order && 1...max(order, 1) ~= count,
            "\(count) eigenvectors of \(rowCount) × \(columnCount)")
        var matrix = elements
        var eigenvalues = [Double](repeating: 0, count: order)
        var vectors = DoubleMatrix(zeros: count, order)
        var support = [Int32](repeating: 0, count: 2 * count)
        var found: Int32 = 0
        // Columns first: the lower triangle by rows is the upper one by columns, and a column a vector.
        let status = LAPACKE_dsyevr(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "I")), CChar(UInt8(ascii: "U")),
            Int32(order), &matrix, Int32(order), 0, 0, Int32(first + 1), Int32(first + count), 0, &found,
            &eigenvalues, &vectors.elements, Int32(order), &support)
        guard status == 0, Int(found) == count else {
            throw EigenvectorError(status: Int(status), found: Int(found), count: count, order: order)
        }
        return vectors
    }
}

/// LAPACK did not find the eigenvectors it was asked for.
public struct EigenvectorError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// What `dsyevr` returned: negative for an argument, positive for an internal failure.
    public let status: Int
    /// How many it found.
    public let found: Int
    /// How many were asked for.
    public let count: Int
    /// Rows of the matrix.
    public let order: Int

    /// What LAPACK said.
    public var description: String {
        "LAPACK's dsyevr found \(found) of \(count) eigenvectors of a symmetric matrix of order \(order) and "
            + "returned \(status); please report this with the matrix that led to it"
    }

    /// 70: the library failed.
    public var exitCode: Int32 { ExitCode.internalError }
}
