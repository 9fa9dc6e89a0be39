import ImageData
import Layers
import ProcessGroups
import Regularizers
import TestSupport
import Testing
import Training

/// Which rank the others wait for, and for what.
@Suite struct StepWaitTests {
    /// A step of a rank that takes 10 seconds as all do; what is left is communication.
    private static func rank(
        data: Double = 0, forward: Double = 2, backward: Double = 5, optimizer: Double = 1
    ) -> StepSeconds {
        StepSeconds(
            data: data, forward: forward, backward: backward,
            communication: 10 - data - forward - backward - optimizer, optimizer: optimizer)
    }

    @Test func aSlowRankIsNamedWithWhatIsSlow() {
        let usual = Self.rank()
        #expect(StepWait(among: [usual, usual, Self.rank(data: 1), usual]) == .rank(2, .data))
        #expect(StepWait(among: [Self.rank(backward: 6.5), usual]) == .rank(0, .backward))
        // Of two ranks the quicker one is what is usual.
        #expect(StepWait(among: [usual, Self.rank(forward: 3)]) == .rank(1, .forward))
        #expect("\(StepWait.rank(2, .data))" == "rank 2 is slowest: images")
        #expect("\(StepWait.rank(0, .backward))" == "rank 0 is slowest: backward")
    }

    @Test func whatAllWaitForIsNamed() {
        let usual = Self.rank()
        #expect(StepWait(among: [usual, usual]) == .all(.communication, share: 0.2))
        let fed = Self.rank(backward: 6.5)
        #expect(StepWait(among: [fed, fed, Self.rank(backward: 6.4)]) == nil)
        #expect(StepWait(among: [Self.rank(data: 2)]) == .all(.data, share: 0.2))
        #expect(StepWait(among: []) == nil && StepWait(among: [.zero, .zero]) == nil)
        #expect("\(StepWait.all(.data, share: 0.34))" == "34 % waiting for images")
        #expect("\(StepWait.all(.communication, share: 0.2))" == "20 % communication")
    }

    /// What the ranks tell each other travels with the totals, and changes none of them.
    @Test(arguments: [1, 3])
    func ranksTellEachOtherInTheAllReduceOfTheTotals(ranks: Int) throws {
        let results = try ThreadedGroup.run(size: ranks) { group in
            let plain = try Self.step(group)
            let telling = try Self.step(group, load: Self.rank(data: Double(group.rank) / 4))
            return (plain, telling)
        }
        for (plain, telling) in results {
            #expect(plain.loads.isEmpty && plain.loss == telling.loss && plain.accuracy == telling.accuracy)
            #expect(telling.loads == (0..<ranks).map { Self.rank(data: Double($0) / 4) })
        }
    }

    private static func step(
        _ group: any ProcessGroup, load: StepSeconds? = nil
    ) throws -> TrainingStep.Result {
        let classifier = Classifier(backbone: LinearBackbone(), classCount: 2)
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        let step = try TrainingStep(
            classifier,
            groups: [
                ParameterGroup(
                    name: "head", part: .head, learningRateMultiplier: 1,
                    parameters: classifier.head.parameters)
            ], regularizer: FineTune(),
            optimizer: SGD(momentum: 0, isNesterov: false, weightDecay: 0), normalization: .frozen,
            group: group)
        let batch = RandomBatches(group, globalBatch: 6).samples(step: 0)
        return try step.run([batch], globalBatch: 6, learningRate: 0.1, number: 10, load: load)
    }
}
