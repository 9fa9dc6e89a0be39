import Tensors
import TestSupport
import Testing

@Suite struct PrincipalCoordinatesTests {
    /// Points on two orthogonal directions a and b, 4 and 1 apart along them, around a mean that is not 0.
    private func rows(_ width: Int, a: [Double], b: [Double]) -> DoubleMatrix {
        let places: [(Double, Double)] = [(4, 1), (4, -1), (-4, 1), (-4, -1), (8, 0), (-8, 0)]
        let elements = places.flatMap { s, t in
            (0..<width).map { 10 + s * a[$0] + t * b[$0] }
        }
        return DoubleMatrix(rowCount: places.count, columnCount: width, elements: elements)
    }

    @Test(arguments: [2, 3, 9]) func coordinatesAreThoseOfKnownAxes(width: Int) throws {
        let a = (0..<width).map { $0 == 0 ? 0.6 : $0 == 1 ? 0.8 : 0 }
        let b = (0..<width).map { $0 == 0 ? -0.8 : $0 == 1 ? 0.6 : 0 }
        let points = try rows(width, a: a, b: b).principalCoordinates()
        #expect(points.rowCount == 6 && points.columnCount == 2)
        let x = (0..<6).map { points.elements[2 * $0] }
        let y = (0..<6).map { points.elements[2 * $0 + 1] }
        // An axis points to its largest coordinate; which of two that are equally far off it is does not matter.
        let sign: Double = x[4] > 0 ? 1 : -1
        #expect(mismatch(x, [4, 4, -4, -4, 8, -8].map { sign * $0 }, absolute: 1e-9, relative: 0) == nil)
        let other: Double = y[0] > 0 ? 1 : -1
        #expect(mismatch(y, [1, -1, 1, -1, 0, 0].map { other * $0 }, absolute: 1e-9, relative: 0) == nil)
    }

    @Test func axesPointToTheLargestCoordinate() throws {
        let matrix = DoubleMatrix(rowCount: 3, columnCount: 2, elements: [0, 0, -1, 0, 7, 0])
        let points = try matrix.principalCoordinates()
        #expect(mismatch(points.elements, [-2, 0, -3, 0, 5, 0], absolute: 1e-9, relative: 0) == nil)
    }

    @Test func fewRowsOrColumnsLeaveZeros() throws {
        let column = DoubleMatrix(rowCount: 3, columnCount: 1, elements: [1, 2, 6])
        #expect(
            mismatch(
                try column.principalCoordinates().elements, [-2, 0, -1, 0, 3, 0], absolute: 1e-12, relative: 0
            ) == nil
        )
        let row = DoubleMatrix(rowCount: 1, columnCount: 3, elements: [1, 2, 3])
        #expect(try row.principalCoordinates().elements == [0, 0])
        #expect(try DoubleMatrix(zeros: 0, 3).principalCoordinates().elements == [])
        #expect(try DoubleMatrix(zeros: 4, 3).principalCoordinates().elements.allSatisfy { $0 == 0 })
    }

    @Test func numbersThatAreNotFiniteAreAnError() {
        let matrix = DoubleMatrix(rowCount: 2, columnCount: 2, elements: [1, .nan, 0, 1])
        #expect(throws: EigenvectorError.self) { try matrix.principalCoordinates() }
        #expect(throws: SingularValueError.self) { try matrix.singularValues() }
    }

    /// Of `[[3, 0, 0], [0, 4, 0]]`, and of its transpose; their squares add up to the squared norm.
    @Test func singularValuesAreKnown() throws {
        let wide = DoubleMatrix(rowCount: 2, columnCount: 3, elements: [3, 0, 0, 0, -4, 0])
        let tall = DoubleMatrix(rowCount: 3, columnCount: 2, elements: [3, 0, 0, -4, 0, 0])
        for matrix in [wide, tall] {
            #expect(mismatch(try matrix.singularValues(), [4, 3], absolute: 1e-12, relative: 0) == nil)
        }
        let random = DoubleMatrix(randomTensor([5, 8], seed: 142))
        let values = try random.singularValues()
        let norm = random.elements.reduce(0) { $0 + $1 * $1 }
        #expect(values.count == 5 && values == values.sorted(by: >))
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } - norm) < 1e-9)
        #expect(try DoubleMatrix(zeros: 0, 3).singularValues() == [])
    }
}
