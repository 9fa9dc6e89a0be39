internal import Foundation
import Hosts
import ImageData
import Layers
import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// Runs whose numbers are not finite any more: all ranks end, with step and quantity, and no model is saved.
@Suite struct DivergenceTests {
    /// The failure that each rank of a run ends with, and what the run left behind.
    private struct End {
        let failures: [CollectiveFailure]
        let hasModel: Bool
        /// The last line of the log but for the notice that says why the run has ended.
        let lastLine: [String: Any]
        let checkpoints: [Int]

        /// The message, which must be that of every rank.
        var message: String { Set(failures.map(\.message)).count == 1 ? failures[0].message : "\(failures)" }
    }

    private static func run(
        ranks: Int, _ settings: TrainerBench.Settings,
        spoiling: @escaping @Sendable (TrainerBench, Int, _ rank: Int) -> Void = { _, _, _ in }
    ) throws -> End {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let folder = scratch.path + "/run"
        let failures = try ThreadedGroup.run(size: ranks) { group in
            let bench = try TrainerBench(group, folder: folder, settings)
            bench.batches.onBatch = { [unowned bench] step in spoiling(bench, step, group.rank) }
            return try #require(throws: CollectiveFailure.self) { try bench.trainer.run() }
        }
        #expect(failures.allSatisfy { $0.exitCode == ExitCode.internalError })
        let lines = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8).split(
            separator: "\n"
        ).map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:] }
        #expect(lines.last?["event"] as? String == "notice")
        #expect(lines.last?["text"] as? String == failures[0].message)
        let steps = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/checkpoints")) ?? []
        return End(
            failures: failures,
            hasModel: FileManager.default.fileExists(atPath: folder + "/model.safetensors"),
            lastLine: lines.dropLast().last ?? [:],
            checkpoints: steps.compactMap { Int($0.dropFirst("step-".count)) })
    }

    @Test(arguments: [1, 2])
    func theLossOfAStepIsNamed(ranks: Int) throws {
        let end = try Self.run(ranks: ranks, .init()) { bench, step, rank in
            let bias = bench.classifier.head.bias
            // One rank is enough.
            if step == 3, rank == 0 { bias.variable.assign(Tensor(bias.shape, [.nan, 0])) }
        }
        #expect(
            end.message.hasPrefix(
                "the classification loss at step 4 is not a number: training has diverged; lower optimizer.learning-rate"
            ))
        #expect(end.lastLine["step"] as? Int == 4 && end.lastLine["loss"] is NSNull)
        #expect(end.lastLine["penalty"] as? Double == 0)
    }

    @Test func aLossThatIsWrongFromTheBeginningIsNotBlamedOnTheRate() throws {
        let end = try Self.run(ranks: 1, .init()) { bench, _, _ in
            let bias = bench.classifier.head.bias
            bias.variable.assign(Tensor(bias.shape, [.nan, 0]))
        }
        #expect(end.message.contains("at step 1 is not a number: before any weight has moved: look at"))
    }

    /// The loss of the only step was finite, and so are the weights, but nothing behind them is.
    @Test(arguments: [1, 2])
    func aRunWithoutValidationLooksAtItsOutputs(ranks: Int) throws {
        let end = try Self.run(
            ranks: ranks, .init(epochs: 1, stepsPerEpoch: 1, learningRate: 1e25))
        #expect(end.message.hasPrefix("the model's output for the last batch, after step 1, is "))
        #expect(!end.hasModel && end.lastLine["loss"] is Double)
    }

    @Test(arguments: BestMeasure.allCases)
    func aDivergedEvaluationIsNeverTheBest(measure: BestMeasure) throws {
        let end = try Self.run(
            ranks: 2,
            .init(epochs: 2, stepsPerEpoch: 1, learningRate: 1e25, validation: [1, 1], bestBy: measure))
        #expect(end.message.hasPrefix("the loss of validation after step 1 is not a number: training has"))
        #expect(!end.hasModel)
        #expect(end.lastLine["split"] as? String == "validation" && end.lastLine["loss"] is NSNull)
    }

    /// A parameter is named at the end of an epoch and before a checkpoint, which is not written.
    @Test(arguments: [nil, 1])
    func aParameterIsNamed(everySteps: Int?) throws {
        let end = try Self.run(
            ranks: 2,
            .init(
                epochs: 1, stepsPerEpoch: everySteps == nil ? 1 : 2, learningRate: .infinity,
                everySteps: everySteps))
        #expect(end.message.hasPrefix("element 0 of '"), "\(end.message)")
        #expect(end.message.contains("' after step 1 is "))
        #expect(!end.hasModel && end.checkpoints.isEmpty)
    }

    /// Running statistics may differ between ranks: what one alone has wrong ends all.
    @Test func aStatisticOfOneRankEndsAll() throws {
        let end = try Self.run(ranks: 3, .init()) { bench, step, rank in
            guard step == 1, rank == 2, let backbone = bench.classifier.backbone as? LinearBackbone else {
                return
            }
            backbone.statistic.copy(from: Tensor([2], [1, .infinity]))
        }
        #expect(
            end.message.hasPrefix("element 1 of 'norm.running_var' after step 2 is infinite: training has"))
        #expect(!end.hasModel)
    }
}

/// Evaluations of which some outputs are not finite.
@Suite struct NonFiniteEvaluationTests {
    /// Two samples of class 0; the second one's pixels are multiplied.
    private struct Pair: EvaluationSource {
        let batchCount = 1
        var seed: UInt64 = 3
        var factors: [Float]

        func batch(_ number: Int) -> Batch {
            let images = randomTensor([2, 3, 2, 2], seed: seed).elements
            return Batch(
                images: Tensor([2, 3, 2, 2], images.enumerated().map { $1 * factors[$0 / 12] }),
                labels: [0, 0], indices: [0, 1], positions: [0, 1])
        }
    }

    private static func classifier(bias: [Float] = [1, 0]) -> Classifier {
        let classifier = Classifier(backbone: LinearBackbone(), classCount: 2)
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        // A head without weight on pixels says class 0.
        classifier.head.bias.variable.assign(Tensor([2], bias))
        return classifier
    }

    @Test func aSampleWithoutNumbersIsWrongAndTheLossNull() throws {
        var finite: [Bool] = []
        let evaluation = try Evaluator(Pair(factors: [1e-6, .greatestFiniteMagnitude]), group: SoloGroup())
            .evaluate(Self.classifier()) { finite.append($0.isFinite) }
        #expect(finite == [true, false])
        #expect(evaluation.accuracy == 0.5 && evaluation.meanClassAccuracy == 0.5)
        #expect(evaluation.loss.isNaN)
        let text = String(decoding: try JSONEncoder().encode(evaluation), as: UTF8.self)
        #expect(text.contains("\"loss\":null"))
        #expect(try JSONDecoder().decode(Evaluation.self, from: Data(text.utf8)).loss.isNaN)
    }

    /// A probability that no 64-bit number can hold is no divergence.
    @Test func probabilitiesThatVanishInAllViewsHaveALoss() throws {
        let views = [3, 4].map { Pair(seed: $0, factors: [1e-6, 1e-6]) }
        let mean = try Evaluator(views: views, group: SoloGroup())
            .evaluate(Self.classifier(bias: [-2000, 0])).loss
        #expect(abs(mean - 2000) < 0.01)
    }
}

/// Time left is told by the pace of this start.
@Suite struct PaceTests {
    @Test func earlierStepsDoNotCount() {
        let start = ContinuousClock.now
        let pace = Pace(start: start, stepsBefore: 100)
        #expect(pace.secondsLeft(at: start + .seconds(10), after: 105, of: 115) == 20)
        #expect(pace.secondsLeft(at: start + .seconds(1), after: 100, of: 115) == 0)
        #expect(
            Pace(start: start, stepsBefore: 0).secondsLeft(at: start + .seconds(3), after: 1, of: 11) == 30)
    }
}
