import Regularizers
import Tensors
import Testing

/// The parts of a linear probe that know no ranks.
@Suite struct StratifiedFoldsTests {
    @Test func everySampleIsHeldOutOnceWithItsShareOfEachClass() {
        let labels = (0..<37).map { $0 % 3 == 0 ? 0 : $0 % 2 + 1 }
        let folds = StratifiedFolds(labels: labels, classCount: 3, atMost: 5)
        #expect(folds.count == 5 && folds.loneClasses.isEmpty)
        var seen: [Int] = []
        for fold in 0..<5 {
            let (training, heldOut) = folds.split(fold)
            #expect((training + heldOut).sorted() == Array(0..<37))
            #expect((7...8).contains(heldOut.count))
            for label in 0..<3 {
                let all = labels.count { $0 == label }
                let own = heldOut.count { labels[$0] == label }
                #expect((all / 5...all / 5 + 1).contains(own))
            }
            seen += heldOut
        }
        #expect(seen.sorted() == Array(0..<37))
    }

    @Test(arguments: [
        ([0, 0, 0, 1, 1, 1, 1], 3, []), ([0, 0, 1, 1, 1], 2, []), ([0, 1, 1, 1], 3, [0]),
        ([0, 1], 0, [0, 1]),
    ])
    func theSmallestClassLimitsTheFolds(_ labels: [Int], _ count: Int, _ lone: [Int]) {
        let folds = StratifiedFolds(labels: labels, classCount: 2, atMost: 5)
        #expect(folds.count == count && folds.loneClasses == lone)
        for (label, fold) in zip(labels, folds.folds) { #expect((fold == nil) == lone.contains(label)) }
    }

    @Test func constantFeaturesTakeNoPart() {
        // A tenth is rounded: the mean of three is not exactly a tenth.
        let features = DoubleMatrix(rowCount: 3, columnCount: 2, elements: [0.1, 1, 0.1, 2, 0.1, 6])
        let standardization = Standardization(of: features)
        #expect(standardization.deviations[0] == 1)
        let result = standardization(features)
        #expect(abs(result.elements[0]) <= 1e-15)
        let column = [1, 3, 5].map { result.elements[$0] }
        #expect(abs(column.reduce(0, +)) <= 1e-12)
        #expect(abs(column.reduce(0) { $0 + $1 * $1 } - 3) <= 1e-12)
    }

    @Test func theFoldedLayerDoesTheSame() {
        let features = DoubleMatrix(
            rowCount: 4, columnCount: 3, elements: (0..<12).map { Double($0 * $0 % 11) * 3 - 4 })
        let standardization = Standardization(of: features)
        let coefficients = DoubleMatrix(
            rowCount: 2, columnCount: 4, elements: (0..<8).map { Double($0 % 5) - 1.5 })
        let (weight, bias) = standardization.folded(into: coefficients)
        let standardized = standardization(features)
        for row in 0..<4 {
            for output in 0..<2 {
                var (expected, found) = (coefficients.elements[output * 4 + 3], bias[output])
                for column in 0..<3 {
                    expected +=
                        coefficients.elements[output * 4 + column] * standardized.elements[row * 3 + column]
                    found += weight[output * 3 + column] * features.elements[row * 3 + column]
                }
                #expect(abs(found - expected) <= 1e-12)
            }
        }
    }
}
