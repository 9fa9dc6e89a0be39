import Hosts
import ProcessGroups
import TestSupport
import Testing
import Training

/// The loop from the first step to the last, with a classifier of one linear layer and a head.
@Suite struct TrainerTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try body(scratch.path + "/run")
    }

    // MARK: Best model

    @Test func theBestModelByValidationIsSavedAndTested() throws {
        try withFolder { folder in
            let bench = try TrainerBench(
                SoloGroup(), folder: folder, .init(validation: [0.5, 1, 0.75], hasTest: true))
            let outcome = try bench.trainer.run()
            #expect(outcome.bestStep == 4 && outcome.validation?.accuracy == 1)
            #expect(outcome.test?.accuracy == 1 && outcome.test?.count == 4)
            let heads = try #require(bench.validation?.heads)
            #expect(Set(heads).count == 3)
            #expect(try bench.saved("fc.weight") == heads[1])
            #expect(bench.test?.heads == [heads[1]])
            #expect(try bench.description() == "4 model accuracy true")
            let finished = try #require(bench.lines().last)
            #expect(finished["best-by"] as? String == "accuracy" && finished["best-value"] as? Double == 1)
            let ofEpoch = ["step", "step", "evaluation"]
            #expect(try bench.events() == ofEpoch + ofEpoch + ofEpoch + ["evaluation", "finished"])
        }
    }

    @Test func ofEquallyGoodModelsTheFirstIsKept() throws {
        try withFolder { folder in
            let bench = try TrainerBench(SoloGroup(), folder: folder, .init(validation: [0.5, 0.75, 0.75]))
            #expect(try bench.trainer.run().bestStep == 4)
            #expect(try bench.saved("fc.weight") == bench.validation?.heads[1])
        }
    }

    /// All epochs are equally accurate, and the first of them is not the one with the least loss.
    @Test func theBestModelIsThatOfTheMeasure() throws {
        try withFolder { folder in
            let script = [0.75, 0.75, 0.75, 0.75]
            for measure in BestMeasure.allCases {
                let bench = try TrainerBench(
                    SoloGroup(), folder: "\(folder)-\(measure)",
                    .init(epochs: 4, validation: script, bestBy: measure))
                let outcome = try bench.trainer.run()
                let losses = try bench.lines().compactMap {
                    $0["event"] as? String == "evaluation" ? $0["loss"] as? Double : nil
                }
                let least = try #require(losses.indices.min { losses[$0] < losses[$1] })
                try #require(least > 0)
                let index = measure == .loss ? least : 0
                #expect(outcome.bestStep == 2 * (index + 1))
                #expect(try bench.saved("fc.weight") == bench.validation?.heads[index])
                #expect(try bench.description() == "\(outcome.bestStep) model \(measure) false")
                let finished = try #require(bench.lines().last)
                #expect(finished["best-by"] as? String == measure.rawValue)
                #expect(finished["best-value"] as? Double == outcome.validation.map(measure.value))
            }
        }
    }

    @Test func withoutValidationTheLastStateIsTheModel() throws {
        try withFolder { folder in
            let bench = try TrainerBench(SoloGroup(), folder: folder, .init(hasTest: true))
            let outcome = try bench.trainer.run()
            #expect(outcome.bestStep == 6 && outcome.validation == nil)
            let last = bench.classifier.head.weight.variable.value.elements
            #expect(try bench.saved("fc.weight") == last)
            #expect(bench.test?.heads == [last])
            #expect(try bench.description() == "6 model none true")
            let finished = try #require(bench.lines().last)
            #expect(finished["best-by"] == nil && finished["best-value"] == nil)
        }
    }

    @Test func aWarmUpTrainsTheHeadAlone() throws {
        try withFolder { folder in
            let bench = try TrainerBench(
                SoloGroup(), folder: folder, .init(epochs: 1, headOnlyEpochs: 1))
            let before = bench.classifier.backbone.parameters.flatMap { $0.variable.value.elements }
            let head = bench.classifier.head.weight.variable.value.elements
            _ = try bench.trainer.run()
            #expect(bench.classifier.backbone.parameters.flatMap { $0.variable.value.elements } == before)
            #expect(bench.classifier.head.weight.variable.value.elements != head)
        }
    }

    // MARK: Signals and resuming

    @Test func aRunThatWasStoppedGoesOnAtItsStepWithTheSameBits() throws {
        try withFolder { folder in
            // The warm-up of the head ends before the checkpoint: its steps count for the head alone.
            let settings = TrainerBench.Settings(headOnlyEpochs: 1, validation: [0.75, 0.5, 0.5])
            let undisturbed = try TrainerBench(SoloGroup(), folder: folder + "-undisturbed", settings)
            let expected = try undisturbed.trainer.run()

            var stopping = settings
            stopping.stopBefore = 3
            do {
                let bench = try TrainerBench(SoloGroup(), folder: folder, stopping)
                let error = #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
                #expect(error?.exitCode == ExitCode.stopped)
                #expect("\(try #require(error))".contains("after step 3, which is saved"))
                #expect(bench.batches.steps == [0, 1, 2])
                #expect(try bench.store.steps() == [3])
            }
            var rest = settings
            rest.validation = [0.5, 0.5]
            let bench = try TrainerBench(SoloGroup(), folder: folder, rest)
            let outcome = try bench.trainer.run()
            #expect(bench.batches.steps == [3, 4, 5])
            #expect(bench.parameters == undisturbed.parameters)
            // The best model was that of the first half.
            #expect(outcome.bestStep == 2 && expected.bestStep == 2)
            #expect(try bench.saved("fc.weight") == undisturbed.saved("fc.weight"))
        }
    }

    /// One rank's signal is enough, and all end after the same step.
    @Test func aSignalOnOneRankStopsAll() throws {
        try withFolder { folder in
            let codes = try ThreadedGroup.run(size: 2) { group in
                let bench = try TrainerBench(
                    group, folder: folder, .init(stopBefore: group.rank == 1 ? 4 : nil))
                do {
                    _ = try bench.trainer.run()
                    return (Int32(0), bench.batches.steps.count)
                } catch { return (ExitCode.of(error), bench.batches.steps.count) }
            }
            #expect(codes.map(\.0) == [ExitCode.stopped, ExitCode.stopped])
            #expect(codes.map(\.1) == [4, 4])
        }
    }

    // MARK: Saves that fail

    private static let diskFull = "step=2,point=before-write,kind=disk-full"

    @Test func aSaveThatFailsEndsTheRunOnEveryRank() throws {
        try withFolder { folder in
            let errors = try ThreadedGroup.run(size: 2) { group in
                let bench = try TrainerBench(
                    group, folder: folder, .init(everySteps: 2, faults: Self.diskFull))
                do {
                    _ = try bench.trainer.run()
                    return (Int32(0), "")
                } catch { return (ExitCode.of(error), "\(error)") }
            }
            for (code, message) in errors {
                #expect(code == ExitCode.inputOutput)
                #expect(message.contains("the checkpoint of step 2 could not be written"), "\(message)")
            }
        }
    }

    @Test func aRunThatMayGoOnEndsWellAndSavesLater() throws {
        try withFolder { folder in
            let bench = try TrainerBench(
                SoloGroup(), folder: folder,
                .init(everySteps: 2, stopsOnFailure: false, faults: Self.diskFull))
            #expect(try bench.trainer.run().bestStep == 6)
            #expect(try bench.store.steps() == [4, 6])
            #expect(try bench.events().count { $0 == "checkpoint" } == 2)
            let notices = try bench.lines().filter { $0["event"] as? String == "notice" }
                .map { $0["text"] as? String ?? "" }
            #expect(notices.count == 1 && notices.first?.hasPrefix("checkpoint of step 2 failed: ") == true)
        }
    }

    // MARK: Errors while a checkpoint is being written

    /// The checkpoint of step 2 is still being written when step 3 fails; it is where the run can go on from.
    @Test func aRunThatDivergesKeepsTheCheckpointBefore() throws {
        try withFolder { folder in
            let bench = try TrainerBench(
                SoloGroup(), folder: folder,
                .init(everySteps: 2, trouble: .notNumbers(step: 2), flushSeconds: 0.1))
            let error = #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
            #expect("\(try #require(error))".contains("loss at step 3 is not a number"))
            #expect(try bench.store.newestGood().checkpoint?.step == 2)
            #expect(try bench.events() == ["step", "step", "step", "checkpoint", "notice"])
        }
    }

    /// Neither does a file that one rank cannot read end the others in the midst of it.
    @Test(arguments: [0, 1]) func aRankThatCannotReadItsSamplesEndsAllInGoodOrder(rank: Int) throws {
        try withFolder { folder in
            let ends = try ThreadedGroup.run(size: 2) { group in
                let bench = try TrainerBench(
                    group, folder: folder,
                    .init(everySteps: 2, trouble: .unreadable(step: 2, rank: rank), flushSeconds: 0.1))
                let error = #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
                return (error, try bench.store.newestGood().checkpoint?.step)
            }
            for (error, step) in ends {
                #expect(error?.exitCode == ExitCode.badData)
                #expect(error?.message.contains("Unreadable(") == true, "\(error as Any)")
                #expect(step == 2)
            }
        }
    }

    @Test func aFirstStepThatCannotBeReadEndsAll() throws {
        try withFolder { folder in
            let errors = try ThreadedGroup.run(size: 2) { group in
                let bench = try TrainerBench(
                    group, folder: folder, .init(trouble: .unreadable(step: 0, rank: 1)))
                return #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
            }
            #expect(errors.map { $0?.exitCode } == [ExitCode.badData, ExitCode.badData])
        }
    }

    // MARK: Another plan than that of the checkpoint

    /// The run stands after its end: what is tested and described is what is saved.
    @Test(arguments: [[0.5, 0.75, 1], [1, 0.75, 0.5], []])
    func aPlanThatBecameShorterEndsAtOnce(validation: [Double]) throws {
        try withFolder { folder in
            do {
                _ = try TrainerBench(
                    SoloGroup(), folder: folder, .init(validation: validation, everySteps: 2)
                ).trainer.run()
            }
            let bench = try TrainerBench(
                SoloGroup(), folder: folder,
                .init(epochs: 1, validation: validation.isEmpty ? [] : [0], hasTest: true, everySteps: 2))
            #expect(bench.notices.count == 1)
            #expect(
                bench.notices.first?.contains(
                    "ends at step 2 (training.epochs 1), and the checkpoint is of step 6") == true)
            let outcome = try bench.trainer.run()
            #expect(outcome.bestStep == (validation.first == 1 ? 2 : 6) && bench.batches.steps.isEmpty)
            #expect(try bench.test?.heads == [bench.saved("fc.weight")])
            let measure = validation.isEmpty ? "none" : "accuracy"
            #expect(try bench.description() == "\(outcome.bestStep) model \(measure) true")
            let tests = try bench.lines().filter { $0["split"] as? String == "test" }
            #expect(tests.map { $0["step"] as? Int } == [6])
        }
    }

    /// Half a cosine over three epochs comes to its end, and one over six is in its middle there.
    @Test func anotherScheduleIsSaidWithOldAndNewRate() throws {
        try withFolder { folder in
            do { _ = try TrainerBench(SoloGroup(), folder: folder, .init(everySteps: 6)).trainer.run() }
            do {
                let same = try TrainerBench(SoloGroup(), folder: folder, .init(everySteps: 6))
                #expect(same.notices == ["the run stands at its end, step 6: nothing is left to train"])
            }
            let longer = try TrainerBench(SoloGroup(), folder: folder, .init(epochs: 6, everySteps: 6))
            #expect(
                longer.notices == [
                    "learning rate: 0.00669873 at step 6, and 0.0 was to follow; 0.05 follows, as schedule or "
                        + "training.epochs differ from those of the checkpoint"
                ])
            _ = try longer.trainer.run()
            let rates = try longer.lines().compactMap { $0["learning-rate"] as? Double }
            #expect(rates.count == 12 && abs(rates[6] - 0.05) < 1e-9)
        }
    }

    // MARK: Divergence

    @Test func aLossThatIsNotFiniteEndsTheRun() throws {
        try withFolder { folder in
            let bench = try TrainerBench(SoloGroup(), folder: folder)
            bench.classifier.head.bias.initialize(repeating: .nan)
            let error = #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
            #expect(error?.exitCode == ExitCode.internalError)
            #expect("\(try #require(error))".contains("loss at step 1 is not a number"))
        }
    }
}
