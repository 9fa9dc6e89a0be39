internal import Foundation
import Regularizers
import Tensors
import Testing

/// The scale of the regression's logits.
@Suite struct ScaleCalibrationTests {
    /// Two classes, logits (1, 0): with a share q of right answers the best scale is ln(q / (1 − q)).
    private func best(rightCount: Int, of count: Int, unit: Double) -> Double {
        let logits = (0..<2 * count).map { $0.isMultiple(of: 2) ? unit : 0 }
        return ScaleCalibration.scale(
            logits: DoubleMatrix(rowCount: count, columnCount: 2, elements: logits),
            labels: (0..<count).map { $0 < rightCount ? 0 : 1 })
    }

    @Test(arguments: [1e-6, 1, 1e3]) func knownOptimaAreFound(_ unit: Double) {
        for (rightCount, count) in [(3, 4), (99, 100), (1, 2), (1, 4)] {
            let odds = Double(rightCount) / Double(count - rightCount)
            let found = best(rightCount: rightCount, of: count, unit: unit) * unit
            #expect(abs(found - log(odds)) <= 1e-8)
        }
    }

    @Test func flawlessLogitsGiveAFiniteScale() {
        let found = best(rightCount: 5, of: 5, unit: 2)
        #expect(found.isFinite && found > 10)
    }

    @Test func logitsOfZeroKeepTheScale() { #expect(best(rightCount: 1, of: 2, unit: 0) == 1) }
}
