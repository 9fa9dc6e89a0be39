import Layers
import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// Notes what it is to record.
private final class NotingRecorder: OutcomeRecorder {
    var failure: CollectiveFailure?
    private(set) var splits: [String?] = []
    private(set) var heads: [[Float]] = []
    private(set) var sampleCounts: [Int] = []

    func observation(of split: String) -> ObservedEvaluation {
        ObservedEvaluation(of: split, sampleCount: 4, featureCount: 2)
    }

    func record(_ observed: ObservedEvaluation?, of classifier: Classifier) throws {
        splits.append(observed?.split)
        heads.append(classifier.head.weight.variable.value.elements)
        if let observed { sampleCounts.append(try observed.gathered(over: SoloGroup()).count) }
        if let failure { throw failure }
    }
}

/// What is recorded at the end of a run.
@Suite struct OutcomeRecorderTests {
    private func run(
        _ settings: TrainerBench.Settings, in folder: ScratchFolder, failure: CollectiveFailure? = nil
    ) throws -> (bench: TrainerBench, recorder: NotingRecorder) {
        let bench = try TrainerBench(SoloGroup(), folder: folder.path + "/run", settings)
        let recorder = NotingRecorder()
        recorder.failure = failure
        bench.files.recorder = recorder
        // A trainer that goes on has taken the weights of its checkpoint by now.
        let start = LinearBackbone()
        start.initialize(seed: 1)
        bench.files.startingWeights = StartingWeights(
            of: bench.classifier.backbone,
            sharing: ["projection.weight": start.projection.weight.variable.value])
        _ = try bench.trainer.run()
        return (bench, recorder)
    }

    /// The best epoch is the second of three: its model and what was seen of it, in no further evaluation.
    @Test func theSavedModelIsRecorded() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let (bench, recorder) = try run(.init(validation: [0.5, 1, 0.75]), in: folder)
        #expect(recorder.splits == ["validation"] && recorder.sampleCounts == [4])
        #expect(recorder.heads == [bench.validation?.heads[1]])
        #expect(bench.validation?.heads.count == 3)
        let ofEpoch = ["step", "step", "distances", "evaluation"]
        #expect(try bench.events() == ofEpoch + ofEpoch + ofEpoch + ["finished"])
        let distances = try bench.lines().compactMap { line in
            (line["layers"] as? [[String: Any]])?.first?["distance"] as? Double
        }
        #expect(distances.count == 3 && distances.allSatisfy { $0 > 0 } && Set(distances).count == 3)
    }

    @Test func theTestSplitComesFirst() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let (bench, recorder) = try run(.init(validation: [0.5, 1, 0.75], hasTest: true), in: folder)
        #expect(recorder.splits == ["test"] && recorder.heads == [bench.validation?.heads[1]])
        #expect(bench.validation?.heads.count == 3 && bench.test?.heads.count == 1)
    }

    @Test func withoutSplitsTheModelAloneIsRecorded() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let (bench, recorder) = try run(.init(), in: folder)
        #expect(recorder.splits == [nil])
        #expect(recorder.heads == [bench.classifier.head.weight.variable.value.elements])
        let ofEpoch = ["step", "step", "distances"]
        #expect(try bench.events() == ofEpoch + ofEpoch + ofEpoch + ["finished"])
    }

    /// A run that goes on from behind its best epoch evaluates the saved model once more; distances are from where the
    /// first start began.
    @Test func aRunThatGoesOnRecordsTheBestModel() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        #expect(throws: CollectiveFailure.self) {
            _ = try run(.init(validation: [0.5, 1], everySteps: 1, stopBefore: 5), in: folder)
        }
        let (bench, recorder) = try run(.init(validation: [0.75, 0.25], everySteps: 1), in: folder)
        #expect(recorder.splits == ["validation"] && recorder.sampleCounts == [4])
        #expect(try recorder.heads == [bench.saved("fc.weight")])
        #expect(bench.validation?.heads.count == 2 && bench.validation?.heads[1] == recorder.heads[0])
        let other = try ScratchFolder()
        defer { other.remove() }
        let (undisturbed, _) = try run(.init(validation: [0.5, 1, 0.75], everySteps: 1), in: other)
        func distances(_ bench: TrainerBench) throws -> [Double?] {
            try bench.lines().filter { $0["event"] as? String == "distances" }.map { line in
                (line["layers"] as? [[String: Any]])?.first?["distance"] as? Double
            }
        }
        #expect(try distances(bench) == distances(undisturbed))
        #expect(try distances(bench).count == 3)
    }

    /// Nothing but the record is missing.
    @Test func aRecordThatFailsEndsNoRun() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let failure = CollectiveFailure(message: "no space", exitCode: 74)
        let (bench, recorder) = try run(.init(validation: [1, 1, 1]), in: folder, failure: failure)
        #expect(recorder.splits == ["validation"])
        #expect(try bench.events().suffix(2) == ["notice", "finished"])
    }
}
