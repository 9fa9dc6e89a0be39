import Regularizers
import Tensors
import TestSupport
import Testing

/// Three batches through key weights, both terms and the queues, in the order of the reference.
@Suite struct BiTuningSequenceTests {
    private static let momentum = 0.999
    private static let temperature = 0.07

    /// A linear projector and a linear head: what stands behind the features.
    private struct Encoder {
        let projector: (weight: Variable, bias: Variable)
        let head: (weight: Variable, bias: Variable)

        init(_ golden: GoldenCase, prefix: String, trained: Bool) throws {
            let leaf = { (name: String) in
                Variable(try golden.input(prefix + name), requiresGradient: trained)
            }
            projector = (try leaf("projector.weight"), try leaf("projector.bias"))
            head = (try leaf("head.weight"), try leaf("head.bias"))
        }

        var parameters: [Variable] { [projector.weight, projector.bias, head.weight, head.bias] }

        /// z and ĥ of features.
        func callAsFunction(_ features: Variable, _ tape: Tape) -> (z: Variable, h: Variable) {
            let projected = tape.linear(features, weight: projector.weight, bias: projector.bias)
            return (tape.normalizedRows(projected), tape.normalizedRows(features, appendingOne: true))
        }
    }

    @Test func agreesWithTheReference() throws {
        let golden = try GoldenCase("bi-tuning")
        let encoder = try Encoder(golden, prefix: "", trained: true)
        let keyEncoder = try Encoder(golden, prefix: "key.", trained: false)
        let queues = BiTuningQueues(featureCount: 6, projectionCount: 5, classCount: 3, length: 4, seed: 0)
        try queues.restore([
            "queue_h": golden.input("queue_h"), "queue_z": golden.input("queue_z"),
            "queue_ptr": Tensor([3], [0, 0, 0]),
        ])
        for step in 0..<3 {
            let name = "step\(step)."
            let query = Variable(try golden.input(name + "query"), requiresGradient: true)
            let labels = try golden.integers("input.\(name)labels")
            MomentumParameters(keyEncoder.parameters, following: encoder.parameters).update(
                momentum: Self.momentum)
            for trained in encoder.parameters { trained.clearGradient() }
            let keys = keyEncoder(
                Variable(try golden.input(name + "key")), Tape(recording: false))
            let tape = Tape()
            let (z, h) = encoder(query, tape)
            let zTerm = tape.contrastiveProjection(
                z, keys: keys.z.value, queue: queues.z, labels: labels, classCount: 3,
                temperature: Self.temperature, divisor: labels.count)
            queues.enqueue(h: keys.h.value, z: keys.z.value, labels: labels)
            let classifier = encoder.head.weight.value.normalizedRows(appending: encoder.head.bias.value)
            let yTerm = tape.contrastiveClassification(
                h, classifier: classifier, queue: queues.h, labels: labels,
                temperature: Self.temperature, divisor: labels.count)
            try tape.backward(from: tape.add(zTerm, yTerm))

            #expect(try golden.mismatch(zTerm.value, "output.\(name)loss_z") == nil)
            #expect(try golden.mismatch(yTerm.value, "output.\(name)loss_y") == nil)
            #expect(try golden.mismatch(query.gradient, "gradient.\(name)query") == nil)
            let projector = encoder.projector
            #expect(
                try golden.mismatch(projector.weight.gradient, "gradient.\(name)projector.weight") == nil)
            #expect(try golden.mismatch(projector.bias.gradient, "gradient.\(name)projector.bias") == nil)
            #expect(encoder.head.weight.gradient == nil && encoder.head.bias.gradient == nil)
            #expect(try golden.mismatch(queues.state["queue_h"], "output.\(name)queue_h") == nil)
            #expect(try golden.mismatch(queues.state["queue_z"], "output.\(name)queue_z") == nil)
            #expect(try golden.integers("output.\(name)queue_ptr") == queues.pointers)
        }
    }
}
