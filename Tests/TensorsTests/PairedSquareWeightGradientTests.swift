import Tensors
import TestSupport
import Testing

/// Gradients of the weights of 3×3 convolutions of `bfloat16`. Where the processor has AVX512-BF16 and not AMX, they are
/// computed without oneDNN; elsewhere the same cases hold oneDNN against the definition, as
/// `PointwiseWeightGradientTests` says.
@Suite struct PairedSquareWeightGradientTests {
    private static let one = [1, 1, 1, 1]

    static let cases: [ConvolutionCase] = [
        // One, two, three and five blocks of channels, full and not, on either side.
        .init(samples: 2, channels: 16, outputs: 16, kernel: 3, padding: one, size: [14, 12]),
        .init(samples: 6, channels: 32, outputs: 48, kernel: 3, padding: one, size: [7, 7]),
        .init(samples: 6, channels: 48, outputs: 32, kernel: 3, padding: one, size: [7, 7]),
        .init(samples: 2, channels: 33, outputs: 17, kernel: 3, padding: one, size: [11, 13]),
        .init(samples: 4, channels: 17, outputs: 72, kernel: 3, padding: one, size: [8, 8]),
        .init(samples: 6, channels: 80, outputs: 70, kernel: 3, stride: 2, padding: one, size: [8, 8]),
        // Several samples at once, an odd number of them, and positions that are few.
        .init(samples: 15, channels: 20, outputs: 40, kernel: 3, padding: one, size: [5, 5]),
        .init(samples: 16, channels: 40, outputs: 20, kernel: 3, padding: one, size: [3, 6]),
        .init(samples: 64, channels: 24, outputs: 24, kernel: 3, padding: one, size: [2, 2]),
        .init(samples: 257, channels: 16, outputs: 33, kernel: 3, padding: one, size: [1, 1]),
        // More positions than are multiplied at once, in slices that are added afterwards, and rows that alone have more.
        .init(samples: 2, channels: 16, outputs: 24, kernel: 3, padding: one, size: [25, 25]),
        .init(samples: 15, channels: 20, outputs: 16, kernel: 3, padding: one, size: [12, 10]),
        .init(samples: 2, channels: 17, outputs: 16, kernel: 3, padding: one, size: [3, 130]),
        // Strides: an even size, which needs no zeros after the last row and column, odd ones, and an odd number of samples.
        .init(samples: 4, channels: 32, outputs: 40, kernel: 3, stride: 2, padding: one, size: [14, 14]),
        .init(samples: 5, channels: 40, outputs: 33, kernel: 3, stride: 2, padding: one, size: [13, 13]),
        .init(samples: 7, channels: 24, outputs: 70, kernel: 3, stride: 2, padding: one, size: [9, 6]),
        .init(samples: 9, channels: 20, outputs: 40, kernel: 3, stride: 3, padding: one, size: [10, 11]),
        .init(samples: 2, channels: 20, outputs: 16, kernel: 3, stride: 2, padding: one, size: [45, 43]),
        // No zeros around the input, more of them, and not the same on each side.
        .init(samples: 2, channels: 32, outputs: 32, kernel: 3, size: [14, 15]),
        .init(samples: 4, channels: 20, outputs: 20, kernel: 3, padding: [2, 2, 2, 2], size: [7, 6]),
        .init(samples: 2, channels: 20, outputs: 24, kernel: 3, padding: [2, 0, 1, 2], size: [13, 14]),
        .init(
            samples: 6, channels: 24, outputs: 20, kernel: 3, stride: 2, padding: [0, 1, 0, 1],
            size: [10, 12]),
        .init(
            samples: 6, channels: 32, outputs: 32, kernel: 3, stride: 2, padding: [0, 1, 1, 1],
            size: [12, 11], isSame: true),
        // Fewer positions or pairs of samples, and many channels, which oneDNN sums.
        .init(channels: 32, outputs: 32, kernel: 3, padding: one),
        .init(samples: 3, channels: 32, outputs: 16, kernel: 3, padding: one, size: [14, 12]),
        .init(samples: 3, channels: 24, outputs: 32, kernel: 3, stride: 2, padding: one, size: [14, 14]),
        .init(samples: 2, channels: 128, outputs: 128, kernel: 3, padding: one, size: [2, 10]),
    ]

    @Test(arguments: cases)
    func agreesWithTheDefinition(_ given: ConvolutionCase) throws {
        let naive = given.naive
        let x = rounded(randomTensor(naive.input, seed: 1))
        let w = randomTensor(naive.weight, seed: 2)
        let dy = rounded(randomTensor(naive.output, seed: 3))
        let expected = naive.gradients(x.dense(), rounded(w).dense(), dy.dense())
        // One product a position is added in 32 bits.
        let addends = naive.output.count / given.outputs
        let dw = try gradient(given, x, w, dy.dense())
        #expect(
            mismatch(dw, expected.w, absolute: max(2e-5, 1e-7 * Double(addends)), relative: 1e-5) == nil)
    }

    /// Small integers have exact products and sums, in whatever order they are added.
    @Test(arguments: cases)
    func sumsOfIntegersAreExact(_ given: ConvolutionCase) throws {
        func integers(_ shape: Shape, seed: UInt64) -> Tensor {
            Tensor(shape, randomTensor(shape, seed: seed, deviation: 3).elements.map { $0.rounded() })
        }
        let naive = given.naive
        let (x, dy) = (integers(naive.input, seed: 4), integers(naive.output, seed: 5))
        let w = randomTensor(naive.weight, seed: 6)
        let expected = naive.gradients(x, w, dy)
        #expect(mismatch(try gradient(given, rounded(x), w, dy), expected.w, relative: 0) == nil)
    }

    @Test(arguments: cases)
    func theSameOperandsGiveTheSameBits(_ given: ConvolutionCase) throws {
        let naive = given.naive
        let x = rounded(randomTensor(naive.input, seed: 7))
        let w = randomTensor(naive.weight, seed: 8)
        let dy = randomTensor(naive.output, seed: 9)
        let first = try gradient(given, x, w, dy).elements
        #expect(try gradient(given, x, w, dy).elements == first)
    }

    /// What is not finite stays where it is: channels beside it have sums of their own.
    @Test func nonFiniteNumbersStayInTheirChannels() throws {
        let given = ConvolutionCase(
            samples: 15, channels: 40, outputs: 24, kernel: 3, padding: Self.one, size: [5, 5])
        let x = randomTensor(given.naive.input, seed: 10)
        var elements = x.elements
        // One channel in the middle of the last sample, which has no second one; every shift of the kernel reads it.
        let channel = 15
        elements[((14 * 40 + channel) * 5 + 2) * 5 + 2] = .nan
        let dw = try gradient(
            given, rounded(Tensor(x.shape, elements)), randomTensor(given.naive.weight, seed: 11),
            randomTensor(given.naive.output, seed: 12))
        for (index, element) in dw.elements.enumerated() {
            #expect(element.isNaN == (index / 9 % 40 == channel), "element \(index): \(element)")
        }
    }

    /// The gradient of the weights alone.
    private func gradient(
        _ given: ConvolutionCase, _ x: Tensor, _ w: Tensor, _ dy: Tensor
    ) throws -> Tensor {
        let tape = Tape()
        let weight = Variable(w, requiresGradient: true)
        let y = tape.convolution(Variable(x), weight: weight, settings: given.settings)
        try tape.backward(from: tape.dot(y, dy))
        return try #require(weight.gradient)
    }
}
