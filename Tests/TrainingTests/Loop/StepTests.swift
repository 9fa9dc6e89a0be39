import ImageData
import Layers
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing
import Training

/// What a step tells others on its way.
@Suite struct StepTests {
    private struct Stopped: Error {}

    private func step(
        _ group: any ProcessGroup, observer: StepObserver = .none
    ) throws -> (TrainingStep, Classifier) {
        let classifier = Classifier(backbone: LinearBackbone(), classCount: 2)
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        let groups = [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: 1,
                parameters: classifier.backbone.parameters),
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters),
        ]
        let step = try TrainingStep(
            classifier, groups: groups, regularizer: FineTune(),
            optimizer: SGD(momentum: 0, isNesterov: false, weightDecay: 0), normalization: .synchronized,
            group: group, observer: observer)
        return (step, classifier)
    }

    private func batch(_ group: any ProcessGroup) -> Batch {
        RandomBatches(group, globalBatch: 6).samples(step: 0)
    }

    @Test func phasesComeInOrder() throws {
        var phases: [StepPhase] = []
        var numbers: Set<Int> = []
        let observer = StepObserver { phase, number in
            phases.append(phase)
            numbers.insert(number)
        }
        let group = SoloGroup()
        let (step, _) = try step(group, observer: observer)
        let batches = [batch(group), batch(group)]
        _ = try step.run(batches, globalBatch: 12, learningRate: 0.1, number: 9)
        #expect(phases == [.forward, .backward, .forward, .backward, .halfReduced, .update])
        #expect(numbers == [9])
    }

    @Test(arguments: StepPhase.allCases)
    func anErrorOfTheObserverEndsTheStepBeforeAnythingMoves(at phase: StepPhase) throws {
        let group = SoloGroup()
        let (step, classifier) = try step(
            group, observer: StepObserver { reached, _ in if reached == phase { throw Stopped() } })
        let before = classifier.head.weight.variable.value.elements
        #expect(throws: Stopped.self) {
            try step.run([batch(group)], globalBatch: 6, learningRate: 0.1, number: 1)
        }
        #expect(classifier.head.weight.variable.value.elements == before)
    }

    @Test(arguments: FaultPoint.allCases.filter { !$0.isOfWriting })
    func scheduledFaultsHappenInTheStep(point: FaultPoint) throws {
        let group = SoloGroup()
        let faults = try FaultSchedule(parsing: "step=2,point=\(point.rawValue),kind=throw")
        let (step, _) = try step(group, observer: faults.observer(rank: 0))
        _ = try step.run([batch(group)], globalBatch: 6, learningRate: 0.1, number: 1)
        let error = #expect(throws: InjectedFault.self) {
            try step.run([batch(group)], globalBatch: 6, learningRate: 0.1, number: 2)
        }
        #expect(error?.point == point)
    }

    /// What one rank votes for is known to all.
    @Test(arguments: [
        StepBallot(), StepBallot(stop: true), StepBallot(saveHasFailed: true),
        StepBallot(stop: true, saveHasFailed: true),
    ])
    func votesReachEveryRank(ballot: StepBallot) throws {
        let found = try ThreadedGroup.run(size: 3) { group in
            let (step, _) = try step(group)
            return try step.run(
                [batch(group)], globalBatch: 6, learningRate: 0.1,
                ballot: group.rank == 1 ? ballot : StepBallot()
            ).ballot
        }
        #expect(found == [ballot, ballot, ballot])
    }

    @Test func theScopeDecidesWhatMoves() throws {
        #expect(TrainingScope.all.contains(.backbone) && TrainingScope.all.contains(.method))
        #expect(TrainingScope.head.contains(.head) && !TrainingScope.head.contains(.backbone))
        #expect(!TrainingScope.head.contains(.method))
        let group = SoloGroup()
        for scope in [TrainingScope.head, .all] {
            let (step, classifier) = try step(group)
            let before = classifier.parameters.map { $0.variable.value.elements }
            _ = try step.run([batch(group)], globalBatch: 6, learningRate: 0.1, scope: scope)
            let moved = zip(classifier.parameters, before).map { $0.variable.value.elements != $1 }
            #expect(moved == (scope == .all ? [true, true, true, true] : [false, false, true, true]))
        }
    }
}

extension FaultPoint {
    /// Whether the point lies in saving, not in a step.
    fileprivate var isOfWriting: Bool {
        switch self {
        case .forward, .backward, .insideAllReduce, .optimizer: false
        case .beforeWrite, .halfWritten, .beforeFsync, .beforeRename, .afterRename: true
        }
    }
}
