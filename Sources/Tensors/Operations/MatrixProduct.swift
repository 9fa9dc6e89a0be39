internal import COpenBLAS

extension Tensor {
    /// `op(self) · op(other)` of dense matrices, where op transposes if asked to; by BLAS, in 32 bits.
    ///
    /// - Parameters:
    ///   - other: A matrix whose rows, after op, are as many as this one's columns.
    ///   - transposed: Whether the transpose of `self` enters, and whether that of `other` does.
    public func matrixProduct(_ other: Tensor, transposed: (Bool, Bool) = (false, false)) -> Tensor {
        precondition(
            shape.rank == 2 && other.shape.rank == 2, "matrix product of \(shape) and \(other.shape)")
        let result = Tensor(
            uninitialized: [shape[transposed.0 ? 1 : 0], other.shape[transposed.1 ? 0 : 1]])
        product(self, other, transposed: transposed, into: result)
        return result
    }

    /// `self += op(a) · op(b)`, in place: a dense matrix that lives in a buffer of its own.
    public func addMatrixProduct(_ a: Tensor, _ b: Tensor, transposed: (Bool, Bool) = (false, false)) {
        product(a, b, transposed: transposed, into: self, adding: true)
    }
}

/// `result = op(a) · op(b)` or, when adding, `result += op(a) · op(b)`, where op transposes if asked to.
func product(
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
    let (transposesA, transposesB) = (
        transposed.0 ? CblasTrans : CblasNoTrans, transposed.1 ? CblasTrans : CblasNoTrans
    )
    let (strideOfA, strideOfB) = (a.shape[1], b.shape[1])
    // Divided here, among the threads of all other loops: OpenBLAS would wake threads of its own, which wait for a core
    // as long as those still look for work.
    openblas_set_num_threads(1)
    defer { openblas_set_num_threads(Int32(ComputeThreads.count)) }
    let dividesColumns = columns >= rows
    parallelRanges(dividesColumns ? columns : rows, weight: inner * min(rows, columns)) { range in
        let first = range.lowerBound
        let partOfA = dividesColumns ? 0 : first * (transposed.0 ? 1 : strideOfA)
        let partOfB = dividesColumns ? first * (transposed.1 ? strideOfB : 1) : 0
        cblas_sgemm(
            CblasRowMajor, transposesA, transposesB, blasint(dividesColumns ? rows : range.count),
            blasint(dividesColumns ? range.count : columns), blasint(inner), 1, a.pointer + partOfA,
            blasint(strideOfA), b.pointer + partOfB, blasint(strideOfB), adding ? 1 : 0,
            result.pointer + (dividesColumns ? first : first * columns), blasint(columns))
    }
    withExtendedLifetime((a, b, result)) {}
}
