internal import COpenBLAS
internal import Hosts

extension DoubleMatrix {
    /// All singular values, largest first, by LAPACK's `dgesdd`: `min(rowCount, columnCount)` of them.
    ///
    /// - Throws: `SingularValueError` where LAPACK fails, as it does of numbers that are not finite.
    package func singularValues() throws(SingularValueError) -> [Double] {
        let count = min(rowCount, columnCount)
        guard count > 0 else { return [] }
        var matrix = elements
        var values = [Double](repeating: 0, count: count)
        // By columns this is the transpose, whose singular values are the same.
        let status = LAPACKE_dgesdd(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), Int32(columnCount), Int32(rowCount), &matrix,
            Int32(columnCount), &values, nil, 1, nil, 1)
        guard status == 0 else { throw SingularValueError(status: Int(status), rowCount, columnCount) }
        return values
    }
}

/// LAPACK did not find singular values.
package struct SingularValueError: Error, Equatable, ExitCodeProviding, CustomStringConvertible {
    /// What LAPACK said of which matrix.
    package let description: String

    init(status: Int, _ rowCount: Int, _ columnCount: Int) {
        description =
            "LAPACK's dgesdd returned \(status) for a matrix of \(rowCount) rows and \(columnCount) columns"
    }

    /// 70: the library failed.
    package var exitCode: Int32 { ExitCode.internalError }
}
