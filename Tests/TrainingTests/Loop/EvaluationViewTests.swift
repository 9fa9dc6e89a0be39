internal import Foundation
import ImageData
import Layers
import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// Two samples, as images that differ from view to view.
private struct View: EvaluationSource {
    let batchCount = 1
    let seed: UInt64

    func batch(_ number: Int) -> Batch {
        // Far enough from 0 that the mean of probabilities is not that of their logarithms.
        let images = randomTensor([2, 3, 2, 2], seed: seed).elements.map { $0 * 300 }
        return Batch(
            images: Tensor([2, 3, 2, 2], images), labels: [0, 1], indices: [0, 1],
            positions: [0, 1])
    }
}

@Suite struct EvaluationViewTests {
    private static func classifier() -> Classifier {
        let classifier = Classifier(backbone: LinearBackbone(), classCount: 2)
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        return classifier
    }

    private static func probabilities(_ seeds: [UInt64]) throws -> (Evaluation, [[Float]]) {
        var probabilities: [[Float]] = []
        let evaluation = try Evaluator(views: seeds.map { View(seed: $0) }, group: SoloGroup())
            .evaluate(classifier()) { probabilities.append($0.probabilities) }
        return (evaluation, probabilities)
    }

    /// What is averaged are probabilities; accuracy and loss are those of the mean.
    @Test func probabilitiesAreAveraged() throws {
        let views = try (0..<3).map { try Self.probabilities([UInt64($0)]).1 }
        let (evaluation, means) = try Self.probabilities([0, 1, 2])
        var (loss, correct) = (0.0, 0)
        for sample in 0..<2 {
            let expected = (0..<2).map { label in
                views.map { Double($0[sample][label]) }.reduce(0, +) / 3
            }
            #expect(
                mismatch(means[sample].map(Double.init), expected, absolute: 1e-6, relative: 1e-5) == nil)
            loss -= log(expected[sample]) / 2
            correct += expected[sample] > 0.5 ? 1 : 0
        }
        #expect(abs(evaluation.loss - loss) < 1e-4 && evaluation.accuracy == Double(correct) / 2)
        #expect(evaluation.count == 2)
    }
}
