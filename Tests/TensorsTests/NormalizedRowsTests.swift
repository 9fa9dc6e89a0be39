import Tensors
import TestSupport
import Testing

@Suite struct NormalizedRowsTests {
    @Test(arguments: [false, true], [1, 4])
    func gradientFollowsDifferences(appendingOne: Bool, rows: Int) throws {
        #expect(
            try gradientMismatch(["rows": randomTensor([rows, 5], seed: 50)], step: 1e-3) {
                $0.normalizedRows($1[0], appendingOne: appendingOne)
            } == nil)
    }

    @Test func rowsHaveLengthOne() {
        let x = Variable(Tensor([2, 2], [3, 4, 0, -2]))
        #expect(Tape().normalizedRows(x).value.elements == [0.6, 0.8, 0, -1])
        let longer = Tape().normalizedRows(Variable(Tensor([1, 2], [2, -2])), appendingOne: true).value
        #expect(longer.shape == [1, 3])
        #expect(mismatch(longer, [2.0 / 3, -2.0 / 3, 1.0 / 3], relative: 1e-6) == nil)
    }

    @Test func aColumnMayBeAppended() {
        let weight = Tensor([2, 2], [1, 2, 3, 4])
        let rows = weight.normalizedRows(appending: Tensor([2], [2, 12]))
        let expected: [Double] = [1.0 / 3, 2.0 / 3, 2.0 / 3, 3.0 / 13, 4.0 / 13, 12.0 / 13]
        #expect(mismatch(rows, expected, relative: 1e-6) == nil)
    }

    @Test func aRowOfZerosStaysZero() throws {
        let x = Tensor(repeating: 0, [1, 3])
        #expect(x.normalizedRows().elements == [0, 0, 0])
        let gradient = try valueAndGradient(x) {
            $0.dot($0.normalizedRows($1), Tensor(repeating: 1, [1, 3]))
        }.gradient
        #expect(mismatch(gradient, [1e12, 1e12, 1e12], relative: 1e-6) == nil)
    }
}
