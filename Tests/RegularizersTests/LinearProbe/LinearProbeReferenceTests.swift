internal import Foundation
import ModelFiles
import Regularizers
import Tensors
import TestSupport
import Testing

/// The probe against scikit-learn's StandardScaler and LogisticRegression, with more and with fewer samples than
/// features. One feature is constant, the others differ in scale.
@Suite struct LinearProbeReferenceTests {
    private func fixture() throws -> SafetensorsFile {
        try SafetensorsFile(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/linear-probe.safetensors").path)
    }

    @Test(arguments: ["narrow", "wide"], ["0.01", "1", "100"])
    func theFoldedHeadIsScikitLearns(_ shape: String, _ strength: String) throws {
        let file = try fixture()
        let features = try file.tensor("\(shape).features")
        let labels = try file.integers("\(shape).labels").map { Int($0) }
        #expect((features.shape[0] > features.shape[1]) == (shape == "narrow"))
        let classCount = (labels.max() ?? 0) + 1
        let probe = try LinearProbe.fit(
            training: LabelledFeatures(features: features, labels: labels), validation: nil,
            classNames: numberedNames(classCount), strengths: [try #require(Double(strength))])
        #expect(probe.selection == .none)
        #expect(
            mismatch(
                probe.weight, try file.tensor("\(shape).weight.\(strength)"), absolute: 1e-5, relative: 1e-4)
                == nil)
        #expect(
            mismatch(
                probe.bias, try file.tensor("\(shape).bias.\(strength)"), absolute: 1e-4, relative: 1e-4)
                == nil)
        let other = DoubleMatrix(try file.tensor("\(shape).other"))
        let logits = other.times(transposed: DoubleMatrix(probe.weight)).elements
        let biases = probe.bias.elements.map(Double.init)
        let probabilities = (0..<other.rowCount).flatMap { row in
            let weights = (0..<classCount).map { exp(logits[row * classCount + $0] + biases[$0]) }
            return weights.map { $0 / weights.reduce(0, +) }
        }
        let expected = try file.tensor("\(shape).probabilities.\(strength)").elements.map(Double.init)
        #expect(mismatch(probabilities, expected, absolute: 1e-5, relative: 1e-4) == nil)
    }
}
