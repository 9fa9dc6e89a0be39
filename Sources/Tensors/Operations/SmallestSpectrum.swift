internal import COpenBLAS
public import Hosts

/// More singular values asked for than there are.
public struct SingularValueCountError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible
{
    /// How many were asked for.
    public let count: Int
    /// Samples in the global batch, B.
    public let batchSize: Int
    /// Features of a sample, F.
    public let featureCount: Int

    /// Checks a setting before the first step.
    ///
    /// - Throws: This error where `count` is less than 1 or exceeds both extents' minimum.
    public static func check(count: Int, batchSize: Int, featureCount: Int) throws(Self) {
        guard count >= 1, count <= min(batchSize, featureCount) else {
            throw Self(count: count, batchSize: batchSize, featureCount: featureCount)
        }
    }

    /// Both numbers, and what to do.
    public var description: String {
        "the \(count) smallest singular values are asked of a batch of \(batchSize) samples with "
            + "\(featureCount) features, which has \(min(batchSize, featureCount)): ask for 1 to "
            + "\(min(batchSize, featureCount)), or train with a larger batch"
    }

    /// The exit code of a command that ends with this error, 64: wrong configuration.
    public var exitCode: Int32 { ExitCode.wrongUse }
}

/// LAPACK did not find the eigenvalues it was asked for.
public struct SpectrumError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// What `dsyevr` returned: negative for an argument, positive for an internal failure.
    public let status: Int
    /// How many eigenvalues it found.
    public let found: Int
    /// How many were asked for.
    public let count: Int
    /// Rows of the Gram matrix.
    public let order: Int

    /// What LAPACK said.
    public var description: String {
        "LAPACK's dsyevr found \(found) of \(count) eigenvalues of a Gram matrix of order \(order) and "
            + "returned \(status); please report this with the features that led to it"
    }

    /// 70: the library failed.
    public var exitCode: Int32 { ExitCode.internalError }
}

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
    ///   - matrix: `[B, F]`, dense.
    ///   - count: k.
    init(of matrix: Tensor, count: Int) throws {
        let (rows, columns) = (matrix.shape[0], matrix.shape[1])
        try SingularValueCountError.check(count: count, batchSize: rows, featureCount: columns)
        let x = matrix.withElements { $0.map(Double.init) }
        if let place = x.firstIndex(where: { !$0.isFinite }) {
            throw NonFiniteError(
                what: "features of the global batch", position: [place / columns, place % columns],
                value: x[place])
        }
        let isWide = rows <= columns
        let vectors = try Self.smallestEigenvectors(
            of: Self.gram(x, rows: rows, columns: columns, ofRows: isWide), order: min(rows, columns),
            count: count)
        (self.count, self.columns) = (count, columns)
        let projected = Self.projected(x, rows: rows, columns: columns, on: vectors, count: count)
        value = projected.reduce(0.0) { $0 + $1 * $1 }
        if isWide {
            left = (0..<rows * count).map { vectors[$0 % count * rows + $0 / count] }
            right = projected
        } else {
            (left, right) = (projected, vectors)
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

    /// `X · Xᵀ` or `Xᵀ · X`: the lower triangle in row-major order, the rest zeros.
    private static func gram(_ x: [Double], rows: Int, columns: Int, ofRows: Bool) -> [Double] {
        let order = ofRows ? rows : columns
        var gram = [Double](repeating: 0, count: order * order)
        cblas_dsyrk(
            CblasRowMajor, CblasLower, ofRows ? CblasNoTrans : CblasTrans, blasint(order),
            blasint(ofRows ? columns : rows), 1, x, blasint(columns), 0, &gram, blasint(order))
        return gram
    }

    /// Unit eigenvectors of the smallest eigenvalues, one a row: `[count, order]`.
    private static func smallestEigenvectors(of gram: [Double], order: Int, count: Int) throws -> [Double] {
        var matrix = gram
        var eigenvalues = [Double](repeating: 0, count: order)
        var vectors = [Double](repeating: 0, count: order * count)
        var support = [Int32](repeating: 0, count: 2 * count)
        var found: Int32 = 0
        // Columns first: the lower triangle by rows is the upper one by columns, and a column a vector.
        let status = LAPACKE_dsyevr(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "I")), CChar(UInt8(ascii: "U")),
            Int32(order), &matrix, Int32(order), 0, 0, 1, Int32(count), 0, &found,
            &eigenvalues, &vectors, Int32(order), &support)
        guard status == 0, Int(found) == count else {
            throw SpectrumError(status: Int(status), found: Int(found), count: count, order: order)
        }
        return vectors
    }

    /// `V · X`, `[k, F]`, with V over the rows of X, or `X · Vᵀ`, `[B, k]`, with V over its columns.
    private static func projected(
        _ x: [Double], rows: Int, columns: Int, on vectors: [Double], count: Int
    ) -> [Double] {
        if rows <= columns {
            var result = [Double](repeating: 0, count: count * columns)
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(count), blasint(columns), blasint(rows), 1,
                vectors, blasint(rows), x, blasint(columns), 0, &result, blasint(columns))
            return result
        }
        var result = [Double](repeating: 0, count: rows * count)
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(count), blasint(columns), 1, x,
            blasint(columns), vectors, blasint(columns), 0, &result, blasint(count))
        return result
    }
}
