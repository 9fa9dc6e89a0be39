import Tensors
import TestSupport
import Testing

@Suite struct BFloat16ConvolutionTests {
    /// Ways of computing that there are on this processor.
    static let routes = [BFloat16Route.widened, .native].filter(\.isPossible)

    /// All operands have 8 bits of mantissa, sums are of 32 bits, and what is written is rounded once.
    @Test(arguments: ConvolutionCase.all, routes)
    func agreesWithTheDefinition(_ given: ConvolutionCase, route: BFloat16Route) throws {
        let naive = given.naive
        let x = rounded(randomTensor(naive.input, seed: 1))
        let w = randomTensor(naive.weight, seed: 2)
        let b = given.hasBias ? randomTensor([given.outputs], seed: 3) : nil
        let dy = randomTensor(naive.output, seed: 4)
        let expected = naive.gradients(x.dense(), rounded(w).dense(), rounded(dy).dense())
        for layout in [Layout.dense, .blocked(8)] {
            let tape = Tape()
            let input = Variable(x.with(layout: layout), requiresGradient: true)
            let weight = Variable(w, requiresGradient: true)
            let bias = b.map { Variable($0, requiresGradient: true) }
            let y = BFloat16Route.$forced.withValue(route) {
                tape.convolution(input, weight: weight, bias: bias, settings: given.settings)
            }
            #expect(y.value.elementType == .bfloat16)
            let output = naive.forward(x.dense(), rounded(w).dense(), bias: b)
            #expect(mismatch(y.value, output, absolute: given.tolerance, relative: roundingTolerance) == nil)
            #expect(paddingMismatch(y.value) == nil)

            try tape.backward(from: tape.dot(y, dy))
            let dx = try #require(input.gradient)
            #expect(dx.elementType == .bfloat16)
            #expect(mismatch(dx, expected.x, absolute: given.tolerance, relative: roundingTolerance) == nil)
            #expect(paddingMismatch(dx) == nil)
            let dw = try #require(weight.gradient)
            #expect(dw.elementType == .float32)
            // Up to 2,160 products of about one are added in 32 bits.
            #expect(mismatch(dw, expected.w, absolute: max(given.tolerance, 4e-5), relative: 1e-5) == nil)
            if let bias {
                let db = try #require(bias.gradient)
                #expect(mismatch(db, expected.bias, absolute: 2e-5, relative: 1e-5) == nil)
            }
        }
    }

    /// A map that is compared is not rounded; the gradient that comes back to it is.
    @Test(arguments: routes)
    func theOutputCanBeWide(_ route: BFloat16Route) throws {
        for given in ConvolutionCase.all where !given.hasBias {
            let naive = given.naive
            let x = rounded(randomTensor(naive.input, seed: 5))
            let w = randomTensor(naive.weight, seed: 6)
            let dy = randomTensor(naive.output, seed: 7)
            let tape = Tape()
            let input = Variable(x, requiresGradient: true)
            let y = BFloat16Route.$forced.withValue(route) {
                tape.convolution(
                    input, weight: Variable(w), settings: given.settings, elementType: .float32)
            }
            #expect(y.value.elementType == .float32)
            let output = naive.forward(x.dense(), rounded(w).dense(), bias: nil)
            #expect(mismatch(y.value, output, absolute: given.tolerance, relative: 1e-5) == nil)
            try tape.backward(from: tape.dot(y, dy))
            let expected = naive.gradients(x.dense(), rounded(w).dense(), rounded(dy).dense())
            #expect(
                mismatch(
                    try #require(input.gradient), expected.x, absolute: given.tolerance,
                    relative: roundingTolerance) == nil)
        }
    }

    /// What never changes is rounded as what is trained is.
    @Test(arguments: routes)
    func inferenceGivesTheSameBits(_ route: BFloat16Route) {
        for given in ConvolutionCase.all where !given.hasBias {
            let x = rounded(randomTensor(given.naive.input, seed: 8))
            let w = randomTensor(given.naive.weight, seed: 9)
            let inference = InferenceConvolution(weight: w, settings: given.settings)
            for type in [ElementType.bfloat16, .float32] {
                BFloat16Route.$forced.withValue(route) {
                    let trained = Tape(recording: false).convolution(
                        Variable(x), weight: Variable(w), settings: given.settings, elementType: type)
                    let output = inference(x, elementType: type)
                    #expect(output.elementType == type)
                    #expect(output.elements == trained.value.elements)
                }
            }
        }
    }

    @Test func aChangedWeightIsSeen() {
        let x = Variable(rounded(randomTensor([1, 8, 4, 4], seed: 10)))
        let weight = Variable(randomTensor([8, 8, 3, 3], seed: 11))
        let tape = Tape(recording: false)
        let before = tape.convolution(x, weight: weight, settings: .init())
        weight.assign(randomTensor([8, 8, 3, 3], seed: 12))
        let after = tape.convolution(x, weight: weight, settings: .init())
        let fresh = tape.convolution(x, weight: Variable(weight.value), settings: .init())
        #expect(after.value.elements == fresh.value.elements && after.value.elements != before.value.elements)
        // The same weights serve 32-bit floats, unrounded.
        let wide = tape.convolution(Variable(x.value.dense()), weight: weight, settings: .init())
        #expect(wide.value.elements != after.value.elements)
    }

    /// Where oneDNN has fast primitives, they are what runs.
    @Test func theRouteIsThatOfTheProcessor() {
        #expect(MathLibraries.multipliesBFloat16 ? BFloat16Route.native.isPossible : true)
        #expect(BFloat16Route.widened.isPossible)
    }
}
