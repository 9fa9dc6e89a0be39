import Tensors
import TestSupport
import Testing

/// A small network's training step, with every kind of operation.
private final class TrainingStep {
    private let convolution = Variable(randomTensor([20, 3, 3, 3], seed: 120), requiresGradient: true)
    private let scale = Variable(Tensor(repeating: 1, [20]), requiresGradient: true)
    private let shift = Variable(Tensor(repeating: 0, [20]), requiresGradient: true)
    private let weight = Variable(randomTensor([5, 20], seed: 121), requiresGradient: true)
    private let bias = Variable(Tensor(repeating: 0, [5]), requiresGradient: true)
    private lazy var momenta = parameters.map { Tensor(repeating: 0, $0.shape) }

    private var parameters: [Variable] { [convolution, scale, shift, weight, bias] }

    func run(seed: UInt64) throws {
        let tape = Tape()
        let images = Variable(randomTensor([4, 3, 24, 24], seed: seed))
        let x = tape.convolution(images, weight: convolution, settings: .init(padding: .init(1)))
        let y = try tape.batchNormalization(
            x, scale: scale, shift: shift, statistics: .batch(nil), residual: x, activation: .relu
        ).output
        let pooled = tape.pooling(y, .init(.maximum, size: 3, stride: 2, padding: 1))
        let logits = tape.linear(tape.globalAveragePooling(pooled), weight: weight, bias: bias)
        try tape.backward(from: tape.crossEntropy(logits, labels: [0, 1, 2, 3], divisor: 4))
        for (parameter, momentum) in zip(parameters, momenta) {
            guard let gradient = parameter.gradient else { continue }
            _ = parameter.value.descend(
                gradient: gradient.dense(), momentum: momentum,
                step: .init(rate: 0.1, momentum: 0.9, isNesterov: true, weightDecay: 1e-4), penalty: nil)
            parameter.valueDidChange()
            parameter.clearGradient()
        }
    }
}

/// The pool belongs to the process, so these run in processes of their own.
@Suite struct StoragePoolTests {
    @Test func aRepeatedTrainingStepAsksTheSystemForNothing() async {
        await #expect(processExitsWith: .success) {
            let step = TrainingStep()
            for seed: UInt64 in 0..<3 { try step.run(seed: seed) }
            let before = (StoragePool.shared.allocationCount, StoragePool.shared.bytesHeld)
            #expect(before.0 > 0 && before.1 > 0)
            for seed: UInt64 in 3..<10 { try step.run(seed: seed) }
            #expect(StoragePool.shared.allocationCount == before.0)
            #expect(StoragePool.shared.bytesHeld == before.1)
        }
    }

    @Test func blocksAreReusedAndReturned() async {
        await #expect(processExitsWith: .success) {
            let pool = StoragePool.shared
            func use(_ count: Int) { #expect(Tensor(repeating: 1, [count]).elements.count == count) }
            use(1000)
            let first = pool.allocationCount
            use(1000)
            use(990)
            #expect(pool.allocationCount == first)

            let kept = Tensor(repeating: 2, [1000])
            #expect(pool.allocationCount == first)
            let other = Tensor(repeating: 3, [1000])
            #expect(pool.allocationCount == first + 1)
            #expect(kept.elements.allSatisfy { $0 == 2 } && other.elements.allSatisfy { $0 == 3 })

            let held = pool.bytesHeld
            use(5_000_000)
            #expect(pool.bytesHeld >= held + 20_000_000)
            #expect(pool.bytesHeld <= held + 20_000_000 * 9 / 8)
            pool.trim()
            #expect(pool.bytesHeld <= held)
            #expect(kept.elements.allSatisfy { $0 == 2 })
        }
    }
}
