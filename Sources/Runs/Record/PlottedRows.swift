internal import Foundation
package import Reports
package import Tensors

extension ReportRecord.PlottedPoint {
    /// Rows of numbers as points on their two principal axes, with five digits of the largest coordinate.
    ///
    /// - Parameters:
    ///   - rows: A sample a row.
    ///   - labels: One a row.
    /// - Throws: `EigenvectorError` where LAPACK fails.
    package static func points(
        _ rows: DoubleMatrix, labels: [Int]
    ) throws(EigenvectorError) -> [ReportRecord.PlottedPoint] {
        precondition(labels.count == rows.rowCount, "\(labels.count) labels for \(rows.rowCount) rows")
        let coordinates = try rows.principalCoordinates().elements
        let largest = coordinates.reduce(0) { max($0, abs($1)) }
        let digits = largest > 0 ? min(max(4 - log10(largest).rounded(.down), 0), 12) : 0
        let unit = pow(10, digits)
        func shown(_ value: Double) -> Double { (value * unit).rounded() / unit }
        return labels.enumerated().map { row, label in
            ReportRecord.PlottedPoint(
                x: shown(coordinates[2 * row]), y: shown(coordinates[2 * row + 1]), label: label)
        }
    }
}
