import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing
import Training

/// What must hold for every method, from one table. Values and gradients against the reference stand in
/// RegularizersTests, whole runs against it in CommandLineTests.
@Suite(.serialized) struct MethodContractTests {
    private struct Course: Sendable {
        var losses: [Double] = []
        var penalties: [Double] = []
        var parameters: [Float] = []
        var state: [NamedTensor] = []
    }

    /// Two steps of seven samples, which no number of ranks divides.
    private static func course(_ method: MethodCase, ranks: Int) throws -> [Course] {
        let samples = try Samples()
        return try ThreadedGroup.run(size: ranks) { group in
            let bench = try MethodBench(method, group, samples: samples)
            var course = Course()
            for start in [0, 7] {
                let result = try bench.train(start..<start + 7)
                course.losses.append(result.loss)
                course.penalties.append(result.penalty)
            }
            course.parameters = bench.parameters
            course.state = bench.regularizer.state
            return course
        }
    }

    @Test(arguments: MethodCase.allCases)
    func theNumberOfRanksChangesNothing(method: MethodCase) throws {
        let alone = try Self.course(method, ranks: 1)[0]
        for ranks in [2, 3] {
            let courses = try Self.course(method, ranks: ranks)
            for course in courses {
                #expect(mismatch(course.losses, alone.losses, absolute: 1e-6, relative: 1e-5) == nil)
                #expect(mismatch(course.penalties, alone.penalties, absolute: 1e-6, relative: 1e-4) == nil)
                #expect(
                    mismatch(
                        Tensor([course.parameters.count], course.parameters),
                        Tensor([alone.parameters.count], alone.parameters), absolute: 1e-5, relative: 1e-4)
                        == nil)
                // Replicas hold the same bits.
                #expect(course.parameters == courses[0].parameters)
                for (own, first) in zip(course.state, courses[0].state) {
                    #expect(own.name == first.name && own.tensor.elements == first.tensor.elements)
                }
            }
        }
    }

    @Test(arguments: MethodCase.allCases)
    func theSameRunTwiceGivesTheSameBits(method: MethodCase) throws {
        let (first, second) = (try Self.course(method, ranks: 2)[0], try Self.course(method, ranks: 2)[0])
        #expect(first.losses == second.losses && first.parameters == second.parameters)
    }

    @Test(arguments: MethodCase.allCases)
    func aRestoredStateGoesOnAsIfNothingHadHappened(method: MethodCase) throws {
        let samples = try Samples()
        let bench = try MethodBench(method, SoloGroup(), samples: samples)
        _ = try bench.train(0..<7)
        // Copies: a state may share its tensors with the method.
        let state = bench.regularizer.state.map { NamedTensor($0.name, $0.tensor.ownCopy) }
        let parameters = (bench.classifier.parameters + bench.regularizer.ownParameters).map {
            $0.variable.value.ownCopy
        }
        let statistics = bench.classifier.buffers.tensors.map(\.tensor.ownCopy)
        let expected = try bench.step.run([samples.batch(7..<14)], globalBatch: 7, learningRate: 0)

        let other = try MethodBench(method, SoloGroup(), samples: samples)
        _ = try other.train(14..<21)
        try other.regularizer.restore(state)
        for (parameter, value) in zip(
            other.classifier.parameters + other.regularizer.ownParameters, parameters)
        { parameter.variable.assign(value) }
        for (own, saved) in zip(other.classifier.buffers.tensors, statistics) { own.tensor.copy(from: saved) }
        let actual = try other.step.run([samples.batch(7..<14)], globalBatch: 7, learningRate: 0)
        #expect(actual.loss == expected.loss)
        #expect(actual.penalty == expected.penalty)
    }

    @Test(arguments: MethodCase.allCases)
    func aClassMissingFromTheBatchAndABatchOfOneAreFinite(method: MethodCase) throws {
        let samples = try Samples()
        let labels = samples.labels
        let bench = try MethodBench(method, SoloGroup(), samples: samples)
        let start = try #require((0..<40).first { Set(labels[$0..<$0 + 4]).count < 5 })
        #expect(try bench.train(start..<start + 4).loss.isFinite)
        // The spectrum of one sample has one value, and this table's BSS wants two.
        guard method != .bss else { return }
        #expect(try bench.train(3..<4).loss.isFinite)
    }

    @Test(arguments: MethodCase.allCases)
    func aNaNDoesNotPassUnseen(method: MethodCase) throws {
        let bench = try MethodBench(method, SoloGroup(), samples: Samples())
        let damaged = try Samples(damaged: true)
        do {
            let result = try bench.step.run([damaged.batch(0..<7)], globalBatch: 7, learningRate: 0.01)
            #expect(!result.loss.isFinite)
        } catch let error as CollectiveFailure {
            #expect("\(error)".contains("nan"))
        }
    }

    @Test(arguments: MethodCase.allCases)
    func warmUpMovesTheNewHeadAlone(method: MethodCase) throws {
        let samples = try Samples()
        let bench = try MethodBench(method, SoloGroup(), samples: samples)
        let (before, head) = (bench.parameters, bench.classifier.head.weight.variable.value.elements)
        let statistics = bench.classifier.buffers.tensors.map(\.tensor.elements)
        let result = try bench.step.run(
            [samples.batch(0..<7)], globalBatch: 7, learningRate: 0.01, scope: .head)
        #expect(result.penalty == 0)
        #expect(bench.classifier.head.weight.variable.value.elements != head)
        #expect(bench.classifier.buffers.tensors.map(\.tensor.elements) == statistics)
        let moved = zip(before, bench.parameters).count { $0 != $1 }
        #expect(moved > 0 && moved <= head.count + samples.classCount)
        // Afterwards everything trains.
        _ = try bench.train(0..<7)
        #expect(zip(before, bench.parameters).count { $0 != $1 } > before.count / 2)
    }

    /// The gradient that reaches the last normalization, from cross-entropy and method together.
    @Test(arguments: MethodCase.allCases)
    func theGradientIsThatOfTheLoss(method: MethodCase) throws {
        let samples = try Samples()
        let bench = try MethodBench(method, SoloGroup(), samples: samples)
        let state = bench.regularizer.state.map { NamedTensor($0.name, $0.tensor.ownCopy) }
        let parameter = try #require(
            bench.classifier.parameters.first { $0.name == "layer4.1.bn2.weight" })
        let variable = parameter.variable
        let start = variable.value.ownCopy
        func loss(_ value: Tensor) throws -> Double {
            variable.assign(value)
            try bench.regularizer.restore(state)
            return try bench.step.run([samples.batch(0..<7)], globalBatch: 7, learningRate: 0).loss
        }
        _ = try loss(start)
        let gradient = try #require(variable.gradient).elements
        let pull =
            bench.regularizer.parameterPenalty(on: parameter, of: .backbone).map { penalty -> [Float] in
                let strength = Float(penalty.strength)
                return zip(start.elements, penalty.anchor?.elements ?? []).map { strength * ($0 - $1) }
            } ?? [Float](repeating: 0, count: gradient.count)
        let scale = gradient.map { abs($0) }.max() ?? 0
        for index in [0, 21, 50] {
            func moved(_ step: Float) -> Tensor {
                Tensor(start.shape, start.elements.enumerated().map { $0 == index ? $1 + step : $1 })
            }
            let step: Float = 0.01
            let quotient = (try loss(moved(step)) - loss(moved(-step))) / Double(2 * step)
            #expect(
                abs(quotient - Double(gradient[index] + pull[index])) <= 0.02 * Double(scale) + 1e-4,
                "element \(index): difference quotient \(quotient), gradient \(gradient[index])")
        }
    }
}

extension Tensor {
    /// A copy with storage of its own.
    fileprivate var ownCopy: Tensor { Tensor(shape, elements) }
}
