import Tensors
import TestSupport
import Testing

/// Convolutions that are computed by Winograd's algorithm where the processor has AVX-512 or AVX2: with more channels than
/// one piece of work has, several slices of tiles, and tiles that are cut at the edges.
@Suite struct WinogradTests {
    private static let cases: [ConvolutionCase] = [
        .init(samples: 2, channels: 32, outputs: 64, kernel: 3, padding: [1, 1, 1, 1], size: [113, 58]),
        .init(samples: 5, channels: 96, outputs: 64, kernel: 3, padding: [1, 1, 1, 1], size: [19, 22]),
    ]
    private static let types: [ElementType] = [.float32, .bfloat16]

    /// Output and gradients of one convolution.
    private struct Result: Equatable {
        let y: [Float]
        let dx: [Float]
        let dw: [Float]
    }

    private func result(
        _ given: ConvolutionCase, _ x: Tensor, _ w: Tensor, _ dy: Tensor, _ type: ElementType
    ) throws -> Result {
        let tape = Tape()
        let input = Variable(x.converted(to: type), requiresGradient: true)
        let weight = Variable(w, requiresGradient: true)
        let y = tape.convolution(input, weight: weight, settings: given.settings)
        try tape.backward(from: tape.dot(y, dy))
        return Result(
            y: y.value.elements, dx: try #require(input.gradient).elements,
            dw: try #require(weight.gradient).elements)
    }

    /// The root mean square of the differences, relative to that of what is expected.
    private func error(_ actual: [Float], _ expected: [Double]) -> Double {
        let differences = zip(actual, expected).map { (Double($0) - $1) * (Double($0) - $1) }
        return (differences.reduce(0, +) / expected.map { $0 * $0 }.reduce(0, +)).squareRoot()
    }

    /// With another choice of the points at which its polynomials are taken, errors are three times as large.
    @Test(arguments: cases)
    func errorsAreThoseOfThirtyTwoBits(_ given: ConvolutionCase) throws {
        let naive = given.naive
        // As after a rectifier: not around zero.
        let x = Tensor(naive.input, randomTensor(naive.input, seed: 1).elements.map { max($0, 0) })
        let (w, dy) = (randomTensor(naive.weight, seed: 2), randomTensor(naive.output, seed: 3))
        let actual = try result(given, x, w, dy, .float32)
        let expected = naive.gradients(x, w, dy)
        #expect(error(actual.y, naive.forward(x, w, bias: nil)) < 1e-6)
        #expect(error(actual.dx, expected.x) < 1e-6)
        #expect(error(actual.dw, expected.w) < 1e-6)
    }

    @Test(arguments: cases, types)
    func bitsDoNotDependOnThreads(_ given: ConvolutionCase, type: ElementType) throws {
        let naive = given.naive
        let (x, w) = (randomTensor(naive.input, seed: 4), randomTensor(naive.weight, seed: 5))
        let dy = randomTensor(naive.output, seed: 6)
        let first = try ComputeThreads.with(1) { try result(given, x, w, dy, type) }
        #expect(try ComputeThreads.with(3) { try result(given, x, w, dy, type) } == first)
    }

    /// A sample of the first case has positions enough to be convolved so by itself.
    @Test(arguments: types)
    func bitsDoNotDependOnOtherSamples(_ type: ElementType) throws {
        let given = Self.cases[0]
        var single = given
        single.samples = 1
        let naive = given.naive
        let (x, w) = (randomTensor(naive.input, seed: 7), randomTensor(naive.weight, seed: 8))
        let dy = randomTensor(naive.output, seed: 9)
        func first(_ tensor: Tensor, _ shape: Shape) -> Tensor {
            Tensor(shape, Array(tensor.elements.prefix(shape.count)))
        }
        let both = try result(given, x, w, dy, type)
        let alone = try result(single, first(x, single.naive.input), w, first(dy, single.naive.output), type)
        #expect(Array(both.y.prefix(alone.y.count)) == alone.y)
        #expect(Array(both.dx.prefix(alone.dx.count)) == alone.dx)
    }
}
