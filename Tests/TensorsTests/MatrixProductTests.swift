import Tensors
import TestSupport
import Testing

@Suite struct MatrixProductTests {
    /// `op(a) · op(b)` in 64 bits.
    private func naive(_ a: Tensor, _ b: Tensor, _ transposed: (Bool, Bool)) -> [Double] {
        func element(_ matrix: Tensor, _ isTransposed: Bool, _ row: Int, _ column: Int) -> Double {
            let index = isTransposed ? column * matrix.shape[1] + row : row * matrix.shape[1] + column
            return Double(matrix.elements[index])
        }
        let (rows, inner) = transposed.0 ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let columns = b.shape[transposed.1 ? 0 : 1]
        return (0..<rows * columns).map { place in
            (0..<inner).reduce(0.0) { sum, index in
                sum + element(a, transposed.0, place / columns, index)
                    * element(b, transposed.1, index, place % columns)
            }
        }
    }

    @Test(arguments: [false, true], [false, true])
    func agreesWithTheDefinition(first: Bool, second: Bool) {
        let a = randomTensor(first ? [4, 3] : [3, 4], seed: 130)
        let b = randomTensor(second ? [5, 4] : [4, 5], seed: 131)
        let expected = naive(a, b, (first, second))
        let product = a.matrixProduct(b, transposed: (first, second))
        #expect(product.shape == [3, 5])
        #expect(mismatch(product, expected, absolute: 1e-6, relative: 1e-5) == nil)
        let sum = Tensor(repeating: 2, [3, 5])
        sum.addMatrixProduct(a, b, transposed: (first, second))
        #expect(mismatch(sum, expected.map { $0 + 2 }, absolute: 1e-6, relative: 1e-5) == nil)
    }

    @Test func nothingTimesNothingIsEmpty() {
        #expect(Tensor([0, 4], []).matrixProduct(Tensor(repeating: 1, [4, 2])).shape == [0, 2])
    }
}
