import Layers
import Regularizers
import Tensors
import TestSupport
import Testing

/// Bi-Tuning's four outputs, for a loop of one's own.
@Suite struct BiTuningLossTests {
    private static let labels = [0, 2, 2, 0, 0]

    private func queues() -> BiTuningQueues {
        BiTuningQueues(featureCount: 6, projectionCount: 5, classCount: 3, length: 4, seed: 3)
    }

    private func head(seed: UInt64 = 200) -> Linear {
        Linear(
            name: "head", weight: randomTensor([3, 6], seed: seed), bias: randomTensor([3], seed: seed + 1))
    }

    private let features = randomTensor([5, 6], seed: 202)
    private let projections = randomTensor([5, 5], seed: 203)
    private let keyFeatures = randomTensor([5, 6], seed: 204)
    private let keyProjections = randomTensor([5, 5], seed: 205)

    /// Three batches of the reference through projector, key encoder and queues.
    @Test func agreesWithTheReferenceOverSteps() throws {
        let golden = try GoldenCase("bi-tuning")
        func linear(_ name: String) throws -> Linear {
            Linear(
                name: name, weight: try golden.input(name + ".weight"), bias: try golden.input(name + ".bias")
            )
        }
        let (projector, keyProjector) = (try linear("projector"), try linear("key.projector"))
        let head = try linear("head")
        let following = MomentumParameters(
            keyProjector.parameters.map(\.variable), following: projector.parameters.map(\.variable))
        let queues = queues()
        try queues.restore([
            "queue_h": golden.input("queue_h"), "queue_z": golden.input("queue_z"),
            "queue_ptr": Tensor([3], [0, 0, 0]),
        ])
        let biTuning = BiTuningLoss(queues: queues, temperature: 0.07)
        for step in 0..<3 {
            let name = "step\(step)."
            following.update(momentum: 0.999)
            let tape = Tape()
            let context = ForwardContext(tape: tape, normalization: .frozen)
            let query = Variable(try golden.input(name + "query"), requiresGradient: true)
            let key = try golden.input(name + "key")
            let output = try biTuning(
                features: query, projections: projector(query, context), keyFeatures: key,
                keyProjections: keyProjector(Variable(key), .inference).value, head: head,
                labels: try golden.integers("input.\(name)labels"), on: tape)
            let zTerm = tape.divergence(output.logitsZ, targets: output.targets, divisor: 5)
            let yTerm = tape.divergence(output.logitsY, targets: output.targets, divisor: 5)
            for parameter in projector.parameters { parameter.variable.clearGradient() }
            try tape.backward(from: tape.add(zTerm, yTerm))

            #expect(try golden.mismatch(output.predictions.value, "output.\(name)logits") == nil)
            #expect(try golden.mismatch(zTerm.value, "output.\(name)loss_z") == nil)
            #expect(try golden.mismatch(yTerm.value, "output.\(name)loss_y") == nil)
            #expect(try golden.mismatch(query.gradient, "gradient.\(name)query") == nil)
            for part in ["weight", "bias"] {
                let parameter = part == "weight" ? projector.weight : projector.bias
                #expect(
                    try golden.mismatch(parameter.variable.gradient, "gradient.\(name)projector.\(part)")
                        == nil)
            }
            #expect(head.weight.variable.gradient == nil)
            #expect(try golden.mismatch(queues.state["queue_h"], "output.\(name)queue_h") == nil)
            #expect(try golden.mismatch(queues.state["queue_z"], "output.\(name)queue_z") == nil)
        }
    }

    private func output(_ tape: Tape, _ features: Variable, _ projections: Variable) throws
        -> BiTuningLoss.Output
    {
        try BiTuningLoss(queues: queues(), temperature: 0.5)(
            features: features, projections: projections, keyFeatures: keyFeatures,
            keyProjections: keyProjections, head: head(), labels: Self.labels, on: tape)
    }

    /// Own key, the class's entries, the others: by the definition, entry by entry.
    @Test func logitsStandInTheirOrder() throws {
        let before = queues()
        let after = queues()
        let keyZ = keyProjections.normalizedRows()
        let one = Tensor(repeating: 1, [5])
        after.enqueue(h: keyFeatures.normalizedRows(appending: one), z: keyZ, labels: Self.labels)
        let found = try output(Tape(), Variable(features), Variable(projections))
        let head = head()
        let weights = head.weight.variable.value.normalizedRows(appending: head.bias.variable.value)
        func product(_ left: Tensor, _ row: Int, _ right: Tensor, _ other: Int) -> Double {
            zip(left.rows(row..<row + 1).elements, right.rows(other..<other + 1).elements).reduce(0.0) {
                $0 + Double($1.0) * Double($1.1)
            } / 0.5
        }
        let (z, h) = (projections.normalizedRows(), features.normalizedRows(appending: one))
        var (logitsZ, logitsY): ([Double], [Double]) = ([], [])
        for (row, label) in Self.labels.enumerated() {
            let own = label * 4..<(label + 1) * 4
            let entries = Array(own) + (0..<12).filter { !own.contains($0) }
            logitsZ += [product(z, row, keyZ, row)] + entries.map { product(z, row, before.z, $0) }
            logitsY +=
                [product(h, row, weights, label)] + entries.map { product(weights, label, after.h, $0) }
        }
        #expect(found.logitsZ.shape == [5, 13] && found.logitsY.shape == [5, 13])
        #expect(mismatch(found.logitsZ.value, logitsZ, absolute: 1e-6, relative: 1e-5) == nil)
        #expect(mismatch(found.logitsY.value, logitsY, absolute: 1e-6, relative: 1e-5) == nil)
        let row: [Float] = (0..<13).map { $0 <= 4 ? 0.2 : 0 }
        #expect(found.targets.elements == (0..<5).flatMap { _ in row })
        #expect(found.predictions.shape == [5, 3])
    }

    @Test func gradientsFollowDifferences() throws {
        #expect(
            try gradientMismatch(["projections": projections], step: 1e-3) {
                try output($0, Variable(features), $1[0]).logitsZ
            } == nil)
        #expect(
            try gradientMismatch(["features": features], step: 1e-3) {
                try output($0, $1[0], Variable(projections)).logitsY
            } == nil)
        #expect(
            try gradientMismatch(["features": features]) {
                try output($0, $1[0], Variable(projections)).predictions
            } == nil)
        #expect(
            try gradientMismatch(["features": features, "projections": projections], step: 1e-3) {
                try output($0, $1[0], $1[1]).loss(on: $0, divisor: 5)
            } == nil)
    }

    /// The fused terms of the method, which never make the logits.
    @Test func agreesWithTheTermsOfTheMethod() throws {
        let (x, p) = (
            Variable(features, requiresGradient: true), Variable(projections, requiresGradient: true)
        )
        let tape = Tape()
        let loss = try output(tape, x, p).loss(on: tape, divisor: 5)
        try tape.backward(from: loss)

        let (y, q) = (
            Variable(features, requiresGradient: true), Variable(projections, requiresGradient: true)
        )
        let other = Tape()
        let queues = queues()
        let keyZ = keyProjections.normalizedRows()
        let zTerm = other.contrastiveProjection(
            other.normalizedRows(q), keys: keyZ, queue: queues.z, labels: Self.labels, classCount: 3,
            temperature: 0.5, divisor: 5)
        queues.enqueue(
            h: keyFeatures.normalizedRows(appending: Tensor(repeating: 1, [5])), z: keyZ,
            labels: Self.labels)
        let head = head()
        let yTerm = other.contrastiveClassification(
            other.normalizedRows(y, appendingOne: true),
            classifier: head.weight.variable.value.normalizedRows(appending: head.bias.variable.value),
            queue: queues.h, labels: Self.labels, temperature: 0.5, divisor: 5)
        let sum = other.add(zTerm, yTerm)
        try other.backward(from: sum)
        #expect(mismatch(loss.value, sum.value, absolute: 1e-6, relative: 1e-5) == nil)
        #expect(
            mismatch(try #require(x.gradient), try #require(y.gradient), absolute: 1e-6, relative: 1e-4)
                == nil)
        #expect(
            mismatch(try #require(p.gradient), try #require(q.gradient), absolute: 1e-6, relative: 1e-4)
                == nil)
    }

    @Test(arguments: unevenShares(of: 5)) func sharesAddUp(counts: [Int]) throws {
        let whole = try output(Tape(), Variable(features), Variable(projections))
            .loss(on: Tape(), divisor: 5).value
        let shares = try ThreadedGroup.run(size: counts.count) { group in
            let rows = slices(counts)[group.rank]
            let tape = Tape()
            return try BiTuningLoss(queues: queues(), temperature: 0.5)(
                features: Variable(features.rows(rows)), projections: Variable(projections.rows(rows)),
                keyFeatures: keyFeatures.rows(rows), keyProjections: keyProjections.rows(rows), head: head(),
                labels: Array(Self.labels[rows]), on: tape, over: group
            ).loss(on: tape, divisor: 5).value.scalar
        }
        #expect(mismatch(whole, [shares.reduce(0.0) { $0 + Double($1) }], relative: 1e-5) == nil)
    }

    @Test func keyParametersFollowWithMomentum() {
        let (key, query) = (Variable(Tensor([2], [0, 8])), Variable(Tensor([2], [4, 0])))
        let following = MomentumParameters([key], following: [query])
        following.update(momentum: 0.75)
        #expect(key.value.elements == [1, 6] && query.value.elements == [4, 0])
        following.copy()
        #expect(key.value.elements == [4, 0])
    }
}
