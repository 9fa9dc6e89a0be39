import Tensors
import TestSupport
import Testing

/// Operations on feature maps of 8 bits of mantissa, each against the same operation on the same numbers in 32 bits.
@Suite struct BFloat16KernelTests {
    /// What a normalization gives and passes back.
    private struct Normalized {
        let y: Tensor
        let dx: Tensor
        let scale: Tensor
        let shift: Tensor
        let residual: Tensor?
    }

    private func normalized(
        _ given: NormalizationCase, _ input: Tensor, to type: ElementType?, _ dy: Tensor
    ) throws -> Normalized {
        let tape = Tape()
        let x = Variable(input, requiresGradient: true)
        let scale = Variable(given.scale, requiresGradient: true)
        let shift = Variable(given.shift, requiresGradient: true)
        let residual = given.residual.map {
            let narrow = rounded($0)
            return Variable(type == nil ? narrow.dense() : narrow, requiresGradient: true)
        }
        let y = try tape.batchNormalization(
            x, scale: scale, shift: shift, statistics: given.statistics, residual: residual,
            activation: given.activation, elementType: type
        ).output
        try tape.backward(from: tape.dot(y, dy))
        return Normalized(
            y: y.value, dx: try #require(x.gradient), scale: try #require(scale.gradient),
            shift: try #require(shift.gradient), residual: residual?.gradient)
    }

    /// Statistics and the gradients of scale and shift are the same numbers as in 32 bits; maps are rounded once.
    @Test(arguments: NormalizationCase.all.filter { $0.activation != .relu6 })
    func normalizationRoundsNothingButMaps(_ given: NormalizationCase) throws {
        let dy = rounded(randomTensor(given.shape, seed: 40)).dense()
        for inputType in [ElementType.bfloat16, .float32] {
            let x = inputType == .bfloat16 ? rounded(given.x) : given.x
            let expected = try normalized(given, x.converted(to: .float32), to: nil, dy)
            let found = try normalized(given, x, to: .bfloat16, dy)
            #expect(found.y.elementType == .bfloat16 && found.dx.elementType == inputType)
            #expect(found.y.elements == rounded(expected.y).elements)
            #expect(found.dx.elements == expected.dx.converted(to: inputType).elements)
            #expect(paddingMismatch(found.y) == nil && paddingMismatch(found.dx) == nil)
            #expect(found.scale.elements == expected.scale.elements)
            #expect(found.shift.elements == expected.shift.elements)
            #expect(found.residual?.elements == expected.residual?.elements)
        }
    }

    /// A gradient passes where the output lies between the bounds of the activation as it is stored: rounded.
    @Test(arguments: testLayouts)
    func gradientsPassWhereTheRoundedOutputLies(_ layout: Layout) throws {
        // Zero and its neighbours, the middle between 6 and the number before, its neighbours, and numbers beyond.
        let values: [Float] = [
            0, -1, 0x1p-134, Float(0x1p-134).nextUp, 0x1p-133, 0.01, 5.9, Float(5.984375).nextDown, 5.984375,
            6, 7,
        ]
        let shape: Shape = [1, 16, 1, values.count]
        let x = Variable(
            Tensor(shape, (0..<16).flatMap { _ in values }).with(layout: layout), requiresGradient: true)
        let (one, zero) = (Tensor(repeating: 1, [16]), Tensor(repeating: 0, [16]))
        let tape = Tape()
        // Mean 0 and variance 1 leave the numbers as they are.
        let y = try tape.batchNormalization(
            x, scale: Variable(one), shift: Variable(zero), statistics: .fixed(mean: zero, variance: one),
            epsilon: 0, activation: .relu6, elementType: .bfloat16
        ).output
        try tape.backward(from: tape.dot(y, Tensor(repeating: 1, shape)))
        let expected = y.value.dense().elements.map { Float($0 <= 0 || $0 >= 6 ? 0 : 1) }
        #expect(try #require(x.gradient).dense().elements == expected)
        #expect(Array(expected[..<values.count]) == [0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0])
    }

    @Test(arguments: NormalizationCase.all.filter(\.isFixed))
    func fixedNormalizationGivesTheBitsOfTheTrainedOne(_ given: NormalizationCase) throws {
        let fixed = try #require(given.fixed)
        let normalization = FixedNormalization(
            scale: given.scale, shift: given.shift, mean: fixed.mean, variance: fixed.variance, epsilon: 1e-5)
        for type in [ElementType.bfloat16, .float32] {
            let x = given.x.converted(to: type)
            let residual = given.residual.map(rounded)
            let trained = try Tape(recording: false).batchNormalization(
                Variable(x), scale: Variable(given.scale), shift: Variable(given.shift),
                statistics: given.statistics, residual: residual.map { Variable($0) },
                activation: given.activation, elementType: .bfloat16
            ).output.value
            let frozen = normalization(
                x, residual: residual, activation: given.activation, elementType: .bfloat16)
            #expect(frozen.elements == trained.elements && frozen.elementType == .bfloat16)
        }
    }

    @Test(arguments: testLayouts)
    func activationPassesTheGradientBetweenItsBounds(_ layout: Layout) throws {
        let x = rounded(randomTensor([2, 20, 5, 3], seed: 41, mean: 3, deviation: 4))
        let dy = rounded(randomTensor([2, 20, 5, 3], seed: 42)).dense()
        func run(_ input: Tensor) throws -> (y: Tensor, dx: Tensor) {
            let tape = Tape()
            let x = Variable(input, requiresGradient: true)
            let y = tape.rectified(x, ceiling: 6)
            try tape.backward(from: tape.dot(y, dy))
            return (y.value, try #require(x.gradient))
        }
        let (found, expected) = (try run(x.with(layout: layout)), try run(x.dense()))
        #expect(found.y.elementType == .bfloat16 && found.dx.elementType == .bfloat16)
        #expect(found.y.elements == expected.y.elements && found.dx.elements == expected.dx.elements)
    }

    @Test(arguments: testLayouts, BFloat16ConvolutionTests.routes)
    func poolingRoundsOnce(_ layout: Layout, route: BFloat16Route) throws {
        let dy = rounded(randomTensor([2, 20, 4, 3], seed: 44)).dense()
        for kind in [PoolingSettings.Kind.maximum, .average] {
            let settings = PoolingSettings(kind, size: 3, stride: 2, padding: 1)
            let x = rounded(shuffledTensor([2, 20, 7, 6], seed: 43, spacing: 1.0 / 16))
            func run(_ input: Tensor) throws -> (y: Tensor, dx: Tensor, inferred: Tensor) {
                let tape = Tape()
                let x = Variable(input, requiresGradient: true)
                let y = tape.pooling(x, settings)
                try tape.backward(from: tape.dot(y, dy))
                return (y.value, try #require(x.gradient), input.pooled(settings))
            }
            let found = try BFloat16Route.$forced.withValue(route) { try run(x.with(layout: layout)) }
            let expected = try run(x.dense())
            for (tensor, wide) in [
                (found.y, expected.y), (found.dx, expected.dx), (found.inferred, expected.inferred),
            ] {
                #expect(tensor.elementType == .bfloat16)
                // Gradients of windows that overlap may be added in another order.
                #expect(mismatch(tensor, wide, absolute: 1e-6, relative: roundingTolerance) == nil)
            }
            if kind == .maximum { #expect(found.y.elements == expected.y.elements) }
        }
    }

    @Test(arguments: testLayouts)
    func globalAveragesAreOf32Bits(_ layout: Layout) throws {
        let x = rounded(randomTensor([2, 20, 5, 3], seed: 45))
        let dy = randomTensor([2, 20], seed: 46)
        func run(_ input: Tensor) throws -> (y: Tensor, dx: Tensor) {
            let tape = Tape()
            let x = Variable(input, requiresGradient: true)
            let y = tape.globalAveragePooling(x)
            try tape.backward(from: tape.dot(y, dy))
            return (y.value, try #require(x.gradient))
        }
        let (found, expected) = (try run(x.with(layout: layout)), try run(x.dense().with(layout: layout)))
        #expect(found.y.elementType == .float32 && found.y.elements == expected.y.elements)
        #expect(found.dx.elementType == .bfloat16)
        #expect(found.dx.elements == rounded(expected.dx).elements && paddingMismatch(found.dx) == nil)
    }

    @Test(arguments: testLayouts)
    func differencesOfMapsAreThoseOf32Bits(_ layout: Layout) {
        let (x, y) = (
            rounded(randomTensor([2, 20, 5, 3], seed: 47)), rounded(randomTensor([2, 20, 5, 3], seed: 48))
        )
        let factors = randomTensor([20], seed: 49).elements
        let expected = x.dense().with(layout: layout).channelSquaredDistances(from: y.dense())
        #expect(x.with(layout: layout).channelSquaredDistances(from: y) == expected)
        #expect(x.with(layout: layout).channelSquaredDistances(from: y.dense()) == expected)
        let wide = x.dense().scaledDifference(from: y.dense(), channelFactors: factors)
        let narrow = x.with(layout: layout).scaledDifference(from: y, channelFactors: factors)
        #expect(narrow.elements == rounded(wide).elements)
        let mixed = x.with(layout: layout).scaledDifference(from: y.dense(), channelFactors: factors)
        #expect(mixed.elements == wide.elements)
    }

    @Test(arguments: testLayouts)
    func aChannelIsTakenOutAndPutBack(_ layout: Layout) {
        let x = rounded(randomTensor([2, 20, 5, 3], seed: 50)).with(layout: layout)
        let before = x.elements
        let channel = x.channel(17)
        #expect(channel.elementType == .float32)
        x.replaceChannel(17, with: Tensor(repeating: 2, [2, 5, 3]))
        #expect(x.channel(17).elements.allSatisfy { $0 == 2 } && x.elements != before)
        x.replaceChannel(17, with: channel)
        #expect(x.elements == before)
    }

    @Test(arguments: testLayouts)
    func changesOfPooledMapsAreThoseOf32Bits(_ layout: Layout) {
        let (output, residual) = (
            rounded(randomTensor([2, 20, 5, 3], seed: 51)), rounded(randomTensor([2, 20, 5, 3], seed: 52))
        )
        let ones = Tensor(repeating: 1, [20])
        let normalization = FixedNormalization(
            scale: ones, shift: randomTensor([20], seed: 53), mean: randomTensor([20], seed: 54),
            variance: ones, epsilon: 1e-5)
        let found = normalization.pooledChanges(
            output: output.with(layout: layout), residual: residual, activation: .relu)
        let expected = normalization.pooledChanges(
            output: output.dense().with(layout: layout), residual: residual.dense(), activation: .relu)
        #expect(found.elements == expected.elements)
    }
}
