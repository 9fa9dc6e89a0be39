import Tensors
import TestSupport
import Testing

/// One way to normalize: which statistics, and what follows in the same pass.
struct NormalizationCase: Sendable, CustomTestStringConvertible {
    let channels: Int
    let layout: Layout
    let isFixed: Bool
    let hasResidual: Bool
    let activation: Activation

    var testDescription: String {
        "\(channels) channels, \(layout.testDescription), \(isFixed ? "fixed" : "batch")"
            + "\(hasResidual ? ", residual" : ""), \(activation)"
    }

    static let all: [NormalizationCase] = [1, 3, 8, 16, 20].flatMap { channels in
        testLayouts.flatMap { layout in
            [false, true].flatMap { isFixed in
                [false, true].flatMap { hasResidual in
                    [Activation.none, .relu, .relu6].map {
                        .init(
                            channels: channels, layout: layout, isFixed: isFixed, hasResidual: hasResidual,
                            activation: $0)
                    }
                }
            }
        }
    }

    var shape: Shape { [3, channels, 4, 3] }
    /// Two humps, so that few normalized elements come near the kink of a ReLU. For ReLU6 there are three,
    /// which scale and shift bring below 0, between 0 and 6, and above 6.
    var x: Tensor {
        let elements = randomTensorAwayFromZero(shape, seed: 30).elements
        guard activation == .relu6 else { return Tensor(shape, elements).with(layout: layout) }
        let humps = elements.enumerated().map { 0.4 * $1 + 3 * Float($0 % 3 - 1) }
        return Tensor(shape, humps).with(layout: layout)
    }
    var scale: Tensor { randomTensor([channels], seed: 31, mean: bend.scale, deviation: 0.2) }
    var shift: Tensor { randomTensor([channels], seed: 32, mean: bend.shift, deviation: 0.05) }
    private var bend: (scale: Float, shift: Float) {
        guard activation == .relu6 else { return (1, 0) }
        return isFixed ? (2.5, 3) : (4, 3)
    }
    /// In another layout than `x`, as a shortcut may be.
    var residual: Tensor? { hasResidual ? randomTensor(shape, seed: 33, deviation: 0.05) : nil }
    var fixed: (mean: Tensor, variance: Tensor)? {
        guard isFixed else { return nil }
        return (
            randomTensor([channels], seed: 34, deviation: 0.1),
            Tensor([channels], randomTensorAwayFromZero([channels], seed: 35).elements.map(abs))
        )
    }
    var statistics: NormalizationStatistics {
        fixed.map { .fixed(mean: $0.mean, variance: $0.variance) } ?? .batch(nil)
    }
}

@Suite struct BatchNormalizationTests {
    @Test(arguments: NormalizationCase.all)
    func agreesWithTheDefinition(_ given: NormalizationCase) throws {
        let naive = NaiveNormalization(
            given.x, scale: given.scale, shift: given.shift, fixed: given.fixed)
        let dy = randomTensor(given.shape, seed: 36)

        let tape = Tape()
        let x = Variable(given.x, requiresGradient: true)
        let scale = Variable(given.scale, requiresGradient: true)
        let shift = Variable(given.shift, requiresGradient: true)
        let residual = given.residual.map { Variable($0, requiresGradient: true) }
        let (y, batch) = try tape.batchNormalization(
            x, scale: scale, shift: shift, statistics: given.statistics, residual: residual,
            activation: given.activation)
        let expected = naive.forward(residual: given.residual, activation: given.activation)
        #expect(y.value.layout == given.layout)
        #expect(mismatch(y.value, expected, absolute: 2e-6, relative: 1e-6) == nil)
        #expect(paddingMismatch(y.value) == nil)
        #expect((batch == nil) == given.isFixed)
        if let batch {
            #expect(batch.count == Double(given.shape.count / given.channels))
            #expect(mismatch(batch.mean, naive.mean, absolute: 1e-9, relative: 1e-9) == nil)
            #expect(mismatch(batch.variance, naive.variance, relative: 1e-9) == nil)
        }

        try tape.backward(from: tape.dot(y, dy))
        let gradients = naive.gradients(dy, output: expected, activation: given.activation)
        let dx = try #require(x.gradient)
        #expect(mismatch(dx, gradients.x, absolute: 1e-5, relative: 1e-5) == nil)
        #expect(paddingMismatch(dx) == nil)
        #expect(
            mismatch(try #require(scale.gradient), gradients.scale, absolute: 1e-5, relative: 1e-5) == nil)
        #expect(
            mismatch(try #require(shift.gradient), gradients.shift, absolute: 1e-5, relative: 1e-5) == nil)
        if let residual {
            #expect(mismatch(try #require(residual.gradient), gradients.residual, relative: 1e-6) == nil)
        }
    }

    @Test(arguments: NormalizationCase.all)
    func gradientsAgreeWithDifferences(_ given: NormalizationCase) throws {
        let (statistics, activation) = (given.statistics, given.activation)
        if let residual = given.residual {
            #expect(
                try gradientMismatch(
                    ["x": given.x, "scale": given.scale, "shift": given.shift, "residual": residual],
                    absolute: 2e-3, relative: 2e-3, largestCount: 20
                ) {
                    try $0.batchNormalization(
                        $1[0], scale: $1[1], shift: $1[2], statistics: statistics, residual: $1[3],
                        activation: activation
                    ).output
                } == nil)
        } else {
            #expect(
                try gradientMismatch(
                    ["x": given.x, "scale": given.scale, "shift": given.shift], absolute: 2e-3,
                    relative: 2e-3, largestCount: 20
                ) {
                    try $0.batchNormalization(
                        $1[0], scale: $1[1], shift: $1[2], statistics: statistics, activation: activation
                    ).output
                } == nil)
        }
    }

    /// Parts are added where they are used, and a part that has other uses is not overwritten.
    @Test(arguments: testLayouts, [1, 2, 3]) func gradientsInPartsAreSummed(
        _ layout: Layout, _ count: Int
    ) throws {
        let shape: Shape = [2, 16, 3, 5]
        let parts = (0..<count).map { randomTensor(shape, seed: 300 + UInt64($0)).with(layout: layout) }
        let ones = Tensor(repeating: 1, [16])

        /// Gradients of the inputs of two normalizations, the second of which gets the first part only.
        func gradients(_ given: [Tensor], alone: Tensor) throws -> [Tensor] {
            let tape = Tape()
            let inputs = (0..<2).map {
                Variable(randomTensor(shape, seed: 310 + $0).with(layout: layout), requiresGradient: true)
            }
            let outputs = try inputs.map {
                try tape.batchNormalization(
                    $0, scale: Variable(ones), shift: Variable(ones), statistics: .batch(nil),
                    activation: .relu
                ).output
            }
            let objective = tape.record(Tensor(scalar: 0), from: outputs) { _ in
                for part in given { outputs[0].accumulate(part) }
                outputs[1].accumulate(alone)
            }
            try tape.backward(from: objective)
            return try inputs.map { try #require($0.gradient) }
        }
        let sum = (0..<shape.count).map { index in parts.map { $0.elements[index] }.reduce(0, +) }
        let expected = try gradients([Tensor(shape, sum)], alone: parts[0].dense())
        let before = parts.map(\.elements)
        let found = try gradients(parts, alone: parts[0])
        for (one, other) in zip(found, expected) {
            #expect(mismatch(one, other, absolute: 1e-7, relative: 1e-6) == nil)
        }
        #expect(parts.map(\.elements) == before)
    }

    /// The variance is a difference of numbers a million times as large.
    @Test(arguments: testLayouts) func aLargeMeanCostsNoAccuracy(_ layout: Layout) throws {
        let shape: Shape = [8, 8, 16, 16]
        let x = randomTensor(shape, seed: 37, mean: 1e3)
        let scale = Tensor(repeating: 1, [8])
        let shift = Tensor(repeating: 0, [8])
        let naive = NaiveNormalization(x, scale: scale, shift: shift)
        let (y, batch) = try Tape(recording: false).batchNormalization(
            Variable(x.with(layout: layout)), scale: Variable(scale), shift: Variable(shift),
            statistics: .batch(nil))
        #expect(mismatch(try #require(batch).variance, naive.variance, relative: 1e-7) == nil)
        // The mean itself is rounded to 32 bits: 6e-5 at a thousand.
        #expect(
            mismatch(
                y.value, naive.forward(residual: nil, activation: .none), absolute: 6e-5, relative: 1e-5)
                == nil)
    }

    /// A block of channels of a large batch is summed in one go, in 64 bits.
    @Test(arguments: testLayouts) func largeBatchesAreSplitOverThreads(_ layout: Layout) throws {
        let shape: Shape = [4, 40, 20, 20]
        let x = randomTensor(shape, seed: 38)
        let scale = randomTensor([40], seed: 39)
        let shift = randomTensor([40], seed: 40)
        let naive = NaiveNormalization(x, scale: scale, shift: shift)
        let input = Variable(x.with(layout: layout), requiresGradient: true)
        let tape = Tape()
        let y = try tape.batchNormalization(
            input, scale: Variable(scale), shift: Variable(shift), statistics: .batch(nil), activation: .relu
        ).output
        let expected = naive.forward(residual: nil, activation: .relu)
        #expect(mismatch(y.value, expected, absolute: 2e-6, relative: 1e-6) == nil)
        let dy = randomTensor(shape, seed: 41)
        try tape.backward(from: tape.dot(y, dy))
        // What is positive by rounding alone differs between 32 and 64 bits: take the tape's word for it.
        let dx = naive.gradients(
            dy, output: y.value.elements.map(Double.init), activation: .relu
        ).x
        #expect(mismatch(try #require(input.gradient), dx, absolute: 1e-5, relative: 1e-5) == nil)
    }

    @Test(arguments: testLayouts, [Activation.none, .relu, .relu6])
    func notANumberStaysVisible(_ layout: Layout, activation: Activation) throws {
        var elements = randomTensor([1, 8, 2, 2], seed: 42).elements
        elements[5] = .nan
        let x = Variable(Tensor([1, 8, 2, 2], elements).with(layout: layout))
        let y = try Tape(recording: false).batchNormalization(
            x, scale: Variable(Tensor(repeating: 1, [8])), shift: Variable(Tensor(repeating: 0, [8])),
            statistics: .batch(nil), activation: activation
        ).output.value.elements
        #expect(y.indices.filter { y[$0].isNaN } == [4, 5, 6, 7])
    }
}
