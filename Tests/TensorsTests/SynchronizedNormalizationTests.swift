import ProcessGroups
import Tensors
import TestSupport
import Testing

/// What a rank, or one process with all rows, computed.
private struct NormalizationResult: Sendable {
    let y: Tensor
    let dx: Tensor
    let dScale: [Double]
    let dShift: [Double]
    let dResidual: Tensor
    let mean: [Double]
    let variance: [Double]
    let count: Double
}

@Suite(.timeLimit(.minutes(1))) struct SynchronizedNormalizationTests {
    static let channels = 20
    static let shape: Shape = [7, channels, 3, 4]
    let x = randomTensor(shape, seed: 50, mean: 2)
    let residual = randomTensor(shape, seed: 51)
    let dy = randomTensor(shape, seed: 52)
    let scale = randomTensor([channels], seed: 53, mean: 1, deviation: 0.3)
    let shift = randomTensor([channels], seed: 54)

    private func result(
        rows: Range<Int>, layout: Layout, reducer: (any StatisticsReducer)?
    ) throws -> NormalizationResult {
        let tape = Tape()
        let input = Variable(x.rows(rows).with(layout: layout), requiresGradient: true)
        let added = Variable(residual.rows(rows), requiresGradient: true)
        let (scale, shift) = (
            Variable(self.scale, requiresGradient: true), Variable(self.shift, requiresGradient: true)
        )
        let (output, batch) = try tape.batchNormalization(
            input, scale: scale, shift: shift, statistics: .batch(reducer), residual: added,
            activation: .relu)
        try tape.backward(from: tape.dot(output, dy.rows(rows)))
        guard let batch, let dx = input.gradient, let dScale = scale.gradient, let dShift = shift.gradient,
            let dResidual = added.gradient
        else { throw MissingGradient() }
        return NormalizationResult(
            y: output.value, dx: dx, dScale: dScale.elements.map(Double.init),
            dShift: dShift.elements.map(Double.init), dResidual: dResidual, mean: batch.mean,
            variance: batch.variance, count: batch.count)
    }

    private struct MissingGradient: Error {}

    /// Ranks with different numbers of rows compute their parts of what one process computes.
    @Test(arguments: [[0, 4, 7], [0, 1, 7], [0, 3, 5, 7]], testLayouts)
    func ranksComputeTheirSharesOfTheWhole(_ bounds: [Int], layout: Layout) throws {
        let whole = try result(rows: 0..<7, layout: layout, reducer: nil)
        let parts = try ThreadedGroup.run(size: bounds.count - 1) { group in
            try result(
                rows: bounds[group.rank]..<bounds[group.rank + 1], layout: layout,
                reducer: GroupStatistics(group))
        }
        for (rank, part) in parts.enumerated() {
            let rows = bounds[rank]..<bounds[rank + 1]
            #expect(part.count == 84)
            #expect(mismatch(part.mean, whole.mean, relative: 1e-12) == nil)
            #expect(mismatch(part.variance, whole.variance, relative: 1e-12) == nil)
            // The same on every rank to the last bit, or running statistics would drift apart.
            #expect(part.mean == parts[0].mean && part.variance == parts[0].variance)
            #expect(mismatch(part.y, whole.y.dense().rows(rows), relative: 1e-6) == nil)
            #expect(
                mismatch(part.dx, whole.dx.dense().rows(rows), absolute: 1e-6, relative: 1e-6) == nil)
            #expect(mismatch(part.dResidual, whole.dResidual.dense().rows(rows), relative: 0) == nil)
        }
        let sum = { (share: (NormalizationResult) -> [Double]) in
            (0..<Self.channels).map { channel in parts.reduce(0) { $0 + share($1)[channel] } }
        }
        #expect(mismatch(sum(\.dScale), whole.dScale, absolute: 1e-5, relative: 1e-6) == nil)
        #expect(mismatch(sum(\.dShift), whole.dShift, absolute: 1e-5, relative: 1e-6) == nil)
    }

    /// Hosts whose processors have vectors of different width pad 20 channels to 24 and to 32. What they send must not
    /// show it.
    @Test func ranksWithBlocksOfDifferentSizeComputeTheSame() throws {
        let whole = try result(rows: 0..<7, layout: .blocked(8), reducer: nil)
        let bounds = [0, 3, 7]
        let parts = try ThreadedGroup.run(size: 2) { group in
            let reducer = GroupStatistics(group)
            let part = try result(
                rows: bounds[group.rank]..<bounds[group.rank + 1],
                layout: .blocked(group.rank == 0 ? 8 : 16), reducer: reducer)
            return (part, reducer.lengths)
        }
        for (rank, (part, lengths)) in parts.enumerated() {
            #expect(lengths == [2 * Self.channels + 1, 2 * Self.channels])
            let rows = bounds[rank]..<bounds[rank + 1]
            #expect(part.mean == parts[0].0.mean && part.variance == parts[0].0.variance)
            #expect(mismatch(part.mean, whole.mean, relative: 1e-12) == nil)
            #expect(mismatch(part.y.dense(), whole.y.dense().rows(rows), relative: 1e-6) == nil)
            #expect(
                mismatch(part.dx.dense(), whole.dx.dense().rows(rows), absolute: 1e-6, relative: 1e-6) == nil)
        }
    }

    /// The ranks meet once in the forward and once in the backward pass, even where a rank's input needs no
    /// gradient: one that stayed away would leave the others waiting.
    @Test func everyRankTakesPartOnTheWayBack() throws {
        let counts = try ThreadedGroup.run(size: 2) { group in
            let reducer = GroupStatistics(group)
            let tape = Tape()
            let input = Variable(x, requiresGradient: group.rank == 0)
            let output = try tape.batchNormalization(
                input, scale: Variable(scale, requiresGradient: true), shift: Variable(shift),
                statistics: .batch(reducer)
            ).output
            try tape.backward(from: tape.dot(output, dy))
            return reducer.callCount
        }
        #expect(counts == [2, 2])
    }

    /// While the all-reduce of the backward pass goes on, the gradient of the next convolution's weights is computed.
    @Test func theWaitOnTheWayBackIsFilledWithWork() throws {
        /// Notes whether the gradient of a weight was there before and after the work.
        final class WatchingReducer: StatisticsReducer {
            let weight: Variable
            var seen: [Bool] = []
            init(_ weight: Variable) { self.weight = weight }
            func allReduce(_ values: inout [Double]) throws {}
            func allReduce(_ values: inout [Double], during work: () throws -> Void) throws {
                seen.append(weight.gradient != nil)
                try work()
                seen.append(weight.gradient != nil)
            }
        }
        let weight = Variable(randomTensor([8, Self.channels, 1, 1], seed: 55), requiresGradient: true)
        let reducer = WatchingReducer(weight)
        let tape = Tape()
        let normalized = try tape.batchNormalization(
            Variable(x, requiresGradient: true), scale: Variable(scale, requiresGradient: true),
            shift: Variable(shift, requiresGradient: true), statistics: .batch(reducer)
        ).output
        let output = tape.convolution(normalized, weight: weight, settings: .init())
        var completions = 0
        try tape.backward(from: tape.dot(output, randomTensor(output.shape, seed: 56))) {
            if $0 === weight {
                completions += 1
                #expect(reducer.seen == [false])
            }
        }
        #expect(completions == 1)
        #expect(reducer.seen == [false, true])
    }

    @Test func anErrorOfTheReducerReachesTheCaller() throws {
        struct Lost: Error {}
        final class BrokenReducer: StatisticsReducer {
            func allReduce(_ values: inout [Double]) throws { throw Lost() }
            func allReduce(_ values: inout [Double], during work: () throws -> Void) throws { throw Lost() }
        }
        #expect(throws: Lost.self) {
            try Tape().batchNormalization(
                Variable(x), scale: Variable(scale), shift: Variable(shift),
                statistics: .batch(BrokenReducer()))
        }
    }
}
