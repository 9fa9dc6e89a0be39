extension DoubleMatrix {
    /// The rows as points on the two axes along which they differ most: principal component analysis.
    ///
    /// With X the rows less their mean and `X = U · S · Vᵀ`, row i lies at `(U S)_{i1}, (U S)_{i2}`; the eigenvectors are
    /// those of the smaller Gram matrix. An axis points to where its largest coordinate is, so that equal rows give equal
    /// points whatever LAPACK's sign. Pearson, 1901.
    ///
    /// - Returns: `[rowCount, 2]`; where there are fewer than two axes, zeros in their place.
    /// - Throws: `EigenvectorError` where LAPACK fails, as it does of numbers that are not finite.
    package func principalCoordinates() throws(EigenvectorError) -> DoubleMatrix {
        var points = DoubleMatrix(zeros: rowCount, 2)
        let count = min(2, rowCount, columnCount)
        guard count > 0 else { return points }
        let centered = lessMean()
        let isWide = rowCount <= columnCount
        let vectors = try centered.gram(ofRows: isWide).largestEigenvectors(count: count)
        let projected = isWide ? vectors.times(centered) : centered.times(transposed: vectors)
        for axis in 0..<count {
            var coordinates: [Double]
            if isWide {
                let length = projected.elements[projected.range(ofRow: axis)].reduce(0) { $0 + $1 * $1 }
                    .squareRoot()
                coordinates = vectors.elements[vectors.range(ofRow: axis)].map { $0 * length }
            } else {
                coordinates = (0..<rowCount).map { projected.elements[$0 * count + axis] }
            }
            let largest = coordinates.max { abs($0) < abs($1) } ?? 0
            if largest < 0 { coordinates = coordinates.map { -$0 } }
            for (row, coordinate) in coordinates.enumerated() {
                points.elements[row * 2 + axis] = coordinate
            }
        }
        return points
    }

    /// The rows less their mean.
    private func lessMean() -> DoubleMatrix {
        var means = [Double](repeating: 0, count: columnCount)
        for row in 0..<rowCount {
            for column in 0..<columnCount { means[column] += elements[row * columnCount + column] }
        }
        var centered = self
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                centered.elements[row * columnCount + column] -= means[column] / Double(rowCount)
            }
        }
        return centered
    }
}
