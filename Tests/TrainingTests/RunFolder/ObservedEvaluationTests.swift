import ImageData
import Layers
import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// Seven samples, a part of them on each rank, in batches of two.
private final class SlicedSamples: EvaluationSource {
    static let count = 7
    private let positions: [Int]

    init(_ group: any ProcessGroup) {
        positions = Array(Shard(rank: group.rank, size: group.size).slice(of: Self.count))
    }

    var batchCount: Int { (positions.count + 1) / 2 }

    func batch(_ number: Int) throws -> Batch {
        let own = Array(positions[2 * number..<min(2 * number + 2, positions.count)])
        let images = randomTensor([Self.count, 3, 2, 2], seed: 40)
        return Batch(
            images: Tensor([own.count, 3, 2, 2], own.flatMap { images.rows($0..<$0 + 1).elements }),
            labels: own.map { $0 % 3 }, indices: own, positions: own)
    }
}

@Suite struct ObservedEvaluationTests {
    /// What was seen, gathered on every rank, and what an evaluation without an observer says.
    private func seen(
        ranks: Int, features: Int
    ) throws -> [(samples: EvaluatedSamples, isSame: Bool)] {
        try ThreadedGroup.run(size: ranks) { group in
            let classifier = Classifier(backbone: LinearBackbone(), classCount: 3)
            classifier.backbone.initialize(seed: 1)
            classifier.head.initialize(seed: 1)
            let evaluator = Evaluator(SlicedSamples(group), group: group)
            var observed: ObservedEvaluation? = ObservedEvaluation(
                of: "test", sampleCount: SlicedSamples.count, featureCount: features)
            let evaluation = try evaluator.evaluate(classifier, recording: &observed)
            let alone = try evaluator.evaluate(classifier)
            guard let samples = try observed?.gathered(over: group) else { throw NothingSeen() }
            return (samples, evaluation == alone)
        }
    }

    private struct NothingSeen: Error {}

    @Test(arguments: [1, 2, 3], [3, 100]) func anyRanksSeeTheSame(ranks: Int, features: Int) throws {
        let expected = try #require(try seen(ranks: 1, features: 100).first).samples
        #expect(expected.labels == (0..<7).map { $0 % 3 } && expected.features.count == 7 * 4)
        let kept = features == 3 ? [0, 3, 6] : Array(0..<7)
        for (found, isSame) in try seen(ranks: ranks, features: features) {
            #expect(isSame && found.split == "test")
            #expect(found.labels == expected.labels && found.predictions == expected.predictions)
            #expect(mismatch(found.probabilities, expected.probabilities, absolute: 1e-6, relative: 0) == nil)
            #expect(
                mismatch(found.labelProbabilities, expected.labelProbabilities, absolute: 1e-6, relative: 0)
                    == nil)
            #expect(found.featurePositions == kept)
            let features = kept.flatMap { expected.features[4 * $0..<4 * $0 + 4] }
            #expect(
                mismatch(
                    found.features.map(Double.init), features.map(Double.init), absolute: 1e-6, relative: 0)
                    == nil)
        }
        for position in 0..<7 where expected.isCorrect(position) {
            #expect(expected.probabilities[position] == expected.labelProbabilities[position])
        }
    }

    /// Of several views each sample is seen once, with the features of the first.
    @Test func viewsAreSeenTogether() throws {
        let group = SoloGroup()
        let classifier = Classifier(backbone: LinearBackbone(), classCount: 3)
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        var observed: ObservedEvaluation? = ObservedEvaluation(
            of: "evaluation", sampleCount: SlicedSamples.count, featureCount: 100)
        var positions: [Int] = []
        let views = [SlicedSamples(group), SlicedSamples(group)]
        _ = try Evaluator(views: views, group: group).evaluate(classifier, recording: &observed) {
            positions.append($0.position)
        }
        let found = try #require(try observed?.gathered(over: group))
        let expected = try #require(try seen(ranks: 1, features: 100).first).samples
        #expect(positions == Array(0..<7) && found.split == "evaluation")
        #expect(found.predictions == expected.predictions && found.features == expected.features)
        #expect(mismatch(found.probabilities, expected.probabilities, absolute: 1e-6, relative: 0) == nil)
    }
}
