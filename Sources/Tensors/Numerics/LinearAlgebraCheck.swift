internal import Hosts

/// Whether BLAS and LAPACK compute here what plain loops compute.
///
/// OpenBLAS chooses its kernels by the processor when it is loaded. A version that is older than the processor guesses,
/// and a wrong guess gives wrong numbers and no error.
package enum LinearAlgebraCheck {
    /// Numbers that came of a call, and the same by plain loops.
    package struct Comparison: Sendable {
        /// What was computed.
        package let subject: String
        /// What the library led to.
        package let found: [Double]
        /// What plain loops led to.
        package let expected: [Double]
        /// How far the two may be apart; relative to the largest of the expected.
        package let tolerance: Double

        /// A comparison of as many numbers as are expected.
        package init(_ subject: String, found: [Double], expected: [Double], tolerance: Double) {
            (self.subject, self.found, self.expected) = (subject, found, expected)
            self.tolerance = tolerance
        }
    }

    /// Computes a few products and an eigenvalue problem; takes milliseconds.
    ///
    /// - Throws: `LinearAlgebraError` for the first that is wrong.
    package static func require() throws(LinearAlgebraError) {
        if let failure = failure(in: try measure(), library: MathLibraries.openBLASConfiguration) {
            throw failure
        }
    }

    /// The first comparison that fails; nil where all hold.
    ///
    /// - Parameter library: What the library says of itself.
    package static func failure(in comparisons: [Comparison], library: String) -> LinearAlgebraError? {
        for comparison in comparisons {
            let largest = comparison.expected.reduce(0) { max($0, abs($1)) }
            let wrong = zip(comparison.found, comparison.expected).enumerated().first {
                // A comparison with NaN is false.
                !(abs($0.element.0 - $0.element.1) <= comparison.tolerance * largest)
            }
            guard let wrong else { continue }
            let (found, expected) = wrong.element
            return LinearAlgebraError(
                "\(library) computes a wrong \(comparison.subject): number \(wrong.offset) is \(found), plain loops "
                    + "give \(expected); \(LinearAlgebraError.remedy)")
        }
        return nil
    }

    /// What the library computes, and what plain loops do. Sizes are no multiples of the kernels' tiles; of each kind of
    /// product one is small, for which newer versions have kernels of their own.
    package static func measure() throws(LinearAlgebraError) -> [Comparison] {
        var comparisons: [Comparison] = []
        for (rows, inner, columns) in [(7, 13, 19), (131, 165, 149)] {
            let (a, b) = (numbers(rows, inner, seed: 1), numbers(inner, columns, seed: 2))
            let x = numbers(columns, 1, seed: 3)
            let expected = times(a, times(b, x))
            let single = tensor(a).matrixProduct(tensor(b))
            comparisons.append(
                Comparison(
                    "matrix product in 32 bits", found: times(DoubleMatrix(single), x).elements,
                    expected: expected.elements, tolerance: 1e-4))
            comparisons.append(
                Comparison(
                    "matrix product in 64 bits", found: times(a.times(b), x).elements,
                    expected: expected.elements,
                    tolerance: 1e-11))
            comparisons.append(
                Comparison(
                    "product with a transpose in 64 bits",
                    found: times(a.transposedTimes(numbers(rows, columns, seed: 4)), x).elements,
                    expected: transposedTimes(a, times(numbers(rows, columns, seed: 4), x)).elements,
                    tolerance: 1e-11))
        }
        return comparisons + (try eigenvectors(order: 37))
    }

    /// All eigenvectors of a symmetric matrix: `S v = (vᵀ S v) v`, and they are orthonormal.
    private static func eigenvectors(order: Int) throws(LinearAlgebraError) -> [Comparison] {
        var matrix = numbers(order, order, seed: 5)
        for row in 0..<order {
            for column in 0..<row {
                matrix.elements[column * order + row] = matrix.elements[row * order + column]
            }
        }
        let vectors: DoubleMatrix
        do {
            vectors = try matrix.smallestEigenvectors(count: order)
        } catch {
            throw LinearAlgebraError(
                "\(MathLibraries.openBLASConfiguration): \(error); \(LinearAlgebraError.remedy)")
        }
        var (images, multiples, products, identity) = ([Double](), [Double](), [Double](), [Double]())
        for row in 0..<order {
            let v = Array(vectors.elements[vectors.range(ofRow: row)])
            let image = times(matrix, DoubleMatrix(rowCount: order, columnCount: 1, elements: v)).elements
            let eigenvalue = zip(v, image).reduce(0) { $0 + $1.0 * $1.1 }
            images += image
            multiples += v.map { eigenvalue * $0 }
            products += times(vectors, DoubleMatrix(rowCount: order, columnCount: 1, elements: v)).elements
            identity += (0..<order).map { $0 == row ? 1 : 0 }
        }
        return [
            Comparison("eigenvalue problem", found: images, expected: multiples, tolerance: 1e-10),
            Comparison("set of eigenvectors", found: products, expected: identity, tolerance: 1e-10),
        ]
    }

    /// Numbers in -1 ..< 1 that repeat nowhere near.
    private static func numbers(_ rows: Int, _ columns: Int, seed: Int) -> DoubleMatrix {
        let elements = (0..<rows * columns).map { index in
            // Both factors and the sum stay far from where an integer ends; 4093 is prime.
            Double(Float((index * 1597 + index * index % 4093 * seed + seed * 71) % 4093) / 2046.5 - 1)
        }
        return DoubleMatrix(rowCount: rows, columnCount: columns, elements: elements)
    }

    private static func tensor(_ matrix: DoubleMatrix) -> Tensor {
        Tensor([matrix.rowCount, matrix.columnCount], matrix.elements.map { Float($0) })
    }

    /// A product with a vector by plain loops.
    private static func times(_ matrix: DoubleMatrix, _ vector: DoubleMatrix) -> DoubleMatrix {
        let products = (0..<matrix.rowCount).map { row in
            zip(matrix.elements[matrix.range(ofRow: row)], vector.elements).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return DoubleMatrix(rowCount: matrix.rowCount, columnCount: 1, elements: products)
    }

    /// A product of the transpose with a vector by plain loops.
    private static func transposedTimes(_ matrix: DoubleMatrix, _ vector: DoubleMatrix) -> DoubleMatrix {
        var sums = [Double](repeating: 0, count: matrix.columnCount)
        for row in 0..<matrix.rowCount {
            for (column, index) in matrix.range(ofRow: row).enumerated() {
                sums[column] += matrix.elements[index] * vector.elements[row]
            }
        }
        return DoubleMatrix(rowCount: matrix.columnCount, columnCount: 1, elements: sums)
    }
}

/// BLAS or LAPACK computes something wrong.
package struct LinearAlgebraError: Error, Equatable, ExitCodeProviding, CustomStringConvertible {
    /// Which library for which processor, what it computed, and what to do.
    package let description: String
    /// 70: the library failed.
    package var exitCode: Int32 { ExitCode.internalError }

    /// What mends it.
    package static let remedy =
        "set OPENBLAS_CORETYPE=Haswell in the environment of every rank, which chooses kernels that every processor "
        + "with AVX2 has (Sandybridge with AVX), or install an OpenBLAS that is newer than the processor"

    init(_ description: String) { self.description = description }
}
