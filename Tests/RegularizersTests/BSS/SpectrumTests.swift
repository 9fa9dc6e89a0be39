import Layers
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// The spectrum that a run records.
@Suite struct SpectrumTests {
    /// The singular values of two features of two samples, 4 and 3 long, and of the step after it.
    @Test(arguments: [1, 2]) func rankZeroHasThatOfTheLastBatch(ranks: Int) throws {
        let spectra = try ThreadedGroup.run(size: ranks) { group in
            let method = BSS(tradeOff: 0.5, count: 1)
            var spectra = [try method.singularValues()]
            for scale: Float in [1, 10] {
                let rows = group.size == 1 ? 0..<2 : group.rank..<group.rank + 1
                let features = Tensor([2, 3], [0, 3 * scale, 0, 4 * scale, 0, 0]).rows(rows).duplicate()
                let tape = Tape()
                let variable = Variable(features, requiresGradient: true)
                _ = try method.penalty(
                    StepInput(
                        context: ForwardContext(tape: tape, normalization: .frozen), images: features,
                        secondView: nil, labels: rows.map { $0 }, positions: rows.map { $0 },
                        features: variable, logits: variable, maps: [:], globalBatch: 2, group: group))
                spectra.append(try method.singularValues())
            }
            return spectra
        }
        let expected: [[Double]] = [[], [4, 3], [40, 30]]
        for (found, values) in zip(spectra[0], expected) {
            #expect(mismatch(found, values, absolute: 1e-5, relative: 0) == nil)
        }
        #expect(spectra.dropFirst().allSatisfy { $0.allSatisfy(\.isEmpty) })
    }
}
