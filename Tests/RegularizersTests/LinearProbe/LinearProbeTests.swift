import Layers
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// How the probe chooses C, what ranks make of it, and what it cannot fit.
@Suite(.timeLimit(.minutes(5))) struct LinearProbeTests {
    private let training = madeUpSamples(count: 43, classCount: 4, sourceClassCount: 9, seed: 11)
    private let validation = madeUpSamples(count: 21, classCount: 4, sourceClassCount: 9, seed: 12)

    /// The probe of samples shared over ranks, as each rank sees it.
    private func fit(
        _ training: Samples, _ validation: Samples? = nil, classCount: Int = 4, size: Int
    ) throws -> [LinearProbe] {
        try ThreadedGroup.run(size: size) { group in
            let share = { (samples: Samples) in
                let own = samples.share(group)
                return LabelledFeatures(features: own.logits, labels: own.labels)
            }
            return try LinearProbe.fit(
                training: share(training), validation: validation.map(share),
                classNames: numberedNames(classCount), group: group)
        }
    }

    @Test(arguments: [1, 2, 3, 11], [false, true])
    func theProbeIsTheSameOnAnyRanks(_ size: Int, _ hasValidation: Bool) throws {
        let validation = hasValidation ? validation : nil
        let alone = try fit(training, validation, size: 1)[0]
        for probe in try fit(training, validation, size: size) {
            #expect(probe.weight.elements == alone.weight.elements)
            #expect(probe.bias.elements == alone.bias.elements)
            #expect(probe.strength == alone.strength && probe.selection == alone.selection)
        }
    }

    /// With the validation split C is the one whose fit alone does best there; the fit sees the training split only.
    @Test func theBestOnTheValidationSplitIsChosen() throws {
        let chosen = try fit(training, validation, size: 1)[0]
        let own = LabelledFeatures(features: training.logits, labels: training.labels)
        var scores: [(correct: Int, loss: Double)] = []
        for strength in LinearProbe.strengths {
            let probe = try LinearProbe.fit(
                training: own, validation: nil, classNames: numberedNames(4), strengths: [strength])
            scores.append(score(probe, validation))
            if strength == chosen.strength {
                #expect(mismatch(chosen.weight, probe.weight, relative: 0) == nil)
            }
        }
        let index = try #require(LinearProbe.strengths.firstIndex(of: chosen.strength))
        let least = try #require(scores.map(\.loss).min())
        #expect(scores[index].loss <= least + 1e-4)
        #expect(chosen.selection == .validation(correct: scores[index].correct, count: 21))
        #expect(Set(scores.map(\.correct)).count > 1)
    }

    private func score(_ probe: LinearProbe, _ samples: Samples) -> (correct: Int, loss: Double) {
        let head = Linear(name: "head", weight: probe.weight, bias: probe.bias)
        let logits = head(Variable(samples.logits), .inference).value
        let (values, probabilities) = (logits.elements, logits.logSoftmax().elements)
        var (correct, loss) = (0, 0.0)
        for (row, label) in samples.labels.enumerated() {
            let own = values[row * 4..<(row + 1) * 4]
            if own.max() == own[own.startIndex + label] { correct += 1 }
            loss -= Double(probabilities[row * 4 + label])
        }
        return (correct, loss)
    }

    /// Features that say nothing are best not listened to, and those that say all are.
    @Test func crossValidationTellsNoiseFromSignal() throws {
        let noise = Samples(randomTensor([60, 30], seed: 3), (0..<60).map { $0 % 3 })
        let features: [Float] = (0..<60).flatMap { (row: Int) -> [Float] in
            (0..<3).map { (column: Int) -> Float in row % 3 == column ? 1 : Float(row % 7) / 20 }
        }
        let signal = Samples(Tensor([60, 3], features), noise.labels)
        let (blind, seeing) = (
            try fit(noise, classCount: 3, size: 2)[0], try fit(signal, classCount: 3, size: 2)[0]
        )
        guard case .crossValidation(5, let blindCorrect, 60, []) = blind.selection,
            case .crossValidation(5, let seeingCorrect, 60, []) = seeing.selection
        else {
            Issue.record("\(blind.selection), \(seeing.selection)")
            return
        }
        #expect(blindCorrect < 40 && seeingCorrect == 60)
        #expect(blind.strength < seeing.strength)
    }

    @Test func theOnlySampleOfAClassIsNeverHeldOut() throws {
        let lone = Samples(training.logits.rows(0..<7), [0, 1, 2, 0, 1, 2, 3])
        let probe = try fit(lone, size: 2)[0]
        guard case .crossValidation(2, _, 6, [3]) = probe.selection else {
            Issue.record("\(probe.selection)")
            return
        }
        let all = Samples(training.logits.rows(0..<4), [0, 1, 2, 3])
        let untested = try fit(all, size: 2)[0]
        #expect(untested.selection == .none && untested.strength == 1)
    }

    @Test(arguments: [1, 2]) func whatCannotBeFittedIsNamedOnEveryRank(_ size: Int) throws {
        let missing = #expect(throws: CollectiveFailure.self) {
            try fit(Samples(training.logits.rows(0..<3), [0, 0, 2]), size: size)
        }
        #expect(missing?.exitCode == 65)
        #expect(missing?.message.contains("none of \"class 1\", \"class 3\"") == true)
        var elements = training.logits.elements
        elements[30 * 9 + 2] = .infinity
        let damaged = #expect(throws: CollectiveFailure.self) {
            try fit(Samples(Tensor(training.logits.shape, elements), training.labels), size: size)
        }
        #expect(damaged?.exitCode == 65)
        #expect(damaged?.message.contains("training sample 30 are not finite") == true)
    }

    // MARK: From images

    private struct Source: SampleSource {
        var count: Int { 6 }
        var classCount: Int { 2 }
        var classNames: [String] { ["a", "b"] }
        var fingerprint: UInt64 { 17 }

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
            try body(try shuffledBatch(0, size: 6))
        }

        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            SampleBatch(
                images: randomTensor([6, 3, 8, 8], seed: 220), labels: [0, 1, 0, 1, 1, 0],
                positions: Array(0..<6))
        }
    }

    /// The probe of recorded features, put into a head, classifies the images; the backbone stays as it was.
    @Test func theHeadOfAClassifierIsTheProbe() throws {
        let classifier = Classifier(
            backbone: StagedNetwork.resNet(.resNet18, baseWidth: 8), classCount: 2)
        classifier.backbone.initialize(seed: 1)
        let state = {
            classifier.backbone.parameters.map(\.variable.value.elements)
                + classifier.backbone.buffers.tensors.map(\.tensor.elements)
        }
        let before = state()
        var lines: [String] = []
        let probe = try LinearProbe.learn(
            Preparation(
                backbone: classifier.backbone, weightsDigest: "w", training: Source(), validation: Source(),
                group: SoloGroup(), seed: 0, directory: "", say: { lines.append($0) }))
        probe.assign(to: classifier.head)
        let batch = try Source().shuffledBatch(0, size: 6)
        let logits = try classifier(Variable(batch.images), .inference).logits.value.elements
        let predicted = (0..<6).map { logits[2 * $0] > logits[2 * $0 + 1] ? 0 : 1 }
        #expect(predicted == batch.labels)
        let isUnchanged = state() == before
        #expect(isUnchanged)
        #expect(
            lines == ["linear probe: C \(probe.strength) by the validation split: 6 of 6 right (100.0 %)"])
    }
}
