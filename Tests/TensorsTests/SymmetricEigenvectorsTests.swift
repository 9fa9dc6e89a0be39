import Tensors
import TestSupport
import Testing

@Suite struct SymmetricEigenvectorsTests {
    private let matrix = DoubleMatrix(randomTensor([3, 5], seed: 140))

    @Test func productsAgreeWithEachOther() {
        let other = DoubleMatrix(randomTensor([5, 2], seed: 141))
        let product = matrix.times(other)
        #expect(product.rowCount == 3 && product.columnCount == 2)
        for row in 0..<3 {
            for column in 0..<2 {
                let expected = (0..<5).reduce(0.0) {
                    $0 + matrix.elements[row * 5 + $1] * other.elements[$1 * 2 + column]
                }
                #expect(abs(product.elements[row * 2 + column] - expected) < 1e-12)
            }
        }
    }

    @Test(arguments: [true, false]) func gramMatricesAreProductsWithTheTranspose(ofRows: Bool) {
        let gram = matrix.gram(ofRows: ofRows)
        let full = ofRows ? matrix.times(transposed: matrix) : matrix.transposedTimes(matrix)
        #expect(gram.rowCount == (ofRows ? 3 : 5) && gram.columnCount == gram.rowCount)
        for row in 0..<gram.rowCount {
            for column in 0..<gram.rowCount {
                let expected = column <= row ? full.elements[row * gram.rowCount + column] : 0
                #expect(abs(gram.elements[row * gram.rowCount + column] - expected) < 1e-12)
            }
        }
    }

    /// `A v = λ v`, `vᵀ v = 1`, λ ascending, and none smaller: the others add up to the rest of the trace.
    @Test(arguments: [1, 2, 3]) func smallestEigenvectorsAreFound(count: Int) throws {
        let full = matrix.times(transposed: matrix)
        let vectors = try matrix.gram(ofRows: true).smallestEigenvectors(count: count)
        #expect(vectors.rowCount == count && vectors.columnCount == 3)
        let images = vectors.times(full)
        var eigenvalues: [Double] = []
        for row in 0..<count {
            let (v, image) = (vectors.range(ofRow: row), images.range(ofRow: row))
            let length = v.reduce(0.0) { $0 + vectors.elements[$1] * vectors.elements[$1] }
            #expect(abs(length - 1) < 1e-12)
            let value = v.reduce(0.0) { $0 + vectors.elements[$1] * images.elements[$1] }
            eigenvalues.append(value)
            for (a, b) in zip(v, image) {
                #expect(abs(images.elements[b] - value * vectors.elements[a]) < 1e-10)
            }
        }
        #expect(eigenvalues == eigenvalues.sorted())
        let all = try matrix.gram(ofRows: true).smallestEigenvectors(count: 3)
        let trace = (0..<3).reduce(0.0) { $0 + full.elements[$1 * 4] }
        if count == 3 { #expect(abs(eigenvalues.reduce(0, +) - trace) < 1e-10) }
        #expect(zip(all.elements, vectors.elements).allSatisfy { abs(abs($0) - abs($1)) < 1e-9 })
    }
}
