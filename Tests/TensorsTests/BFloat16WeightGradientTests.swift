import Tensors
import TestSupport
import Testing

/// Gradients of the weights of convolutions of `bfloat16`. Where the processor has AVX512-BF16 and not AMX, most are
/// computed without oneDNN; elsewhere the same cases hold oneDNN against the definition, which `theProcessorIsTold` says
/// where there is neither.
@Suite struct BFloat16WeightGradientTests {
    /// Kernels of 1×1.
    private static let pointwise: [ConvolutionCase] = [
        // Two, three and five blocks of channels, full and not, on either side.
        .init(samples: 2, channels: 64, outputs: 64, kernel: 1, size: [14, 12]),
        .init(samples: 2, channels: 16, outputs: 96, kernel: 1, size: [14, 12]),
        .init(samples: 2, channels: 96, outputs: 24, kernel: 1, size: [14, 12]),
        .init(samples: 18, channels: 24, outputs: 144, kernel: 1, size: [4, 4]),
        .init(samples: 11, channels: 33, outputs: 17, kernel: 1, size: [5, 5]),
        .init(samples: 22, channels: 20, outputs: 40, kernel: 1, size: [3, 4]),
        .init(samples: 26, channels: 80, outputs: 72, kernel: 1, size: [2, 5]),
        // More blocks than one piece of work has, with the larger side first and last.
        .init(samples: 29, channels: 70, outputs: 300, kernel: 1, size: [3, 3]),
        .init(samples: 29, channels: 300, outputs: 70, kernel: 1, size: [3, 3]),
        // An odd number of positions: several samples at once, some more than others, and a single one.
        .init(samples: 6, channels: 32, outputs: 48, kernel: 1, size: [7, 7]),
        .init(samples: 7, channels: 48, outputs: 32, kernel: 1, size: [7, 7]),
        .init(samples: 90, channels: 32, outputs: 32, kernel: 1, size: [1, 3]),
        .init(samples: 1, channels: 32, outputs: 32, kernel: 1, size: [17, 19]),
        // More positions than are multiplied at once, in slices that are added afterwards.
        .init(samples: 3, channels: 20, outputs: 40, kernel: 1, size: [25, 25]),
        .init(samples: 3, channels: 40, outputs: 20, kernel: 1, size: [28, 28]),
        .init(samples: 8, channels: 32, outputs: 32, kernel: 1, size: [14, 14]),
        // Strides: an even size, whose last row and column are never read, odd ones, and rows that begin within a pair.
        .init(samples: 16, channels: 32, outputs: 64, kernel: 1, stride: 2, size: [14, 14]),
        .init(samples: 17, channels: 64, outputs: 40, kernel: 1, stride: 2, size: [13, 13]),
        .init(samples: 52, channels: 24, outputs: 70, kernel: 1, stride: 2, size: [9, 6]),
        .init(samples: 65, channels: 40, outputs: 33, kernel: 1, stride: 3, size: [10, 8]),
        .init(samples: 3, channels: 20, outputs: 40, kernel: 1, stride: 2, size: [45, 43]),
        .init(samples: 22, channels: 32, outputs: 32, kernel: 1, stride: 2, size: [12, 11], isSame: true),
        // Fewer positions, which oneDNN sums.
        .init(channels: 64, outputs: 64, kernel: 1),
        .init(channels: 32, outputs: 64, kernel: 1, stride: 2, size: [14, 14]),
    ]

    private static let one = [1, 1, 1, 1]

    /// Kernels of 3×3.
    private static let square: [ConvolutionCase] = [
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

    static let cases = pointwise + square

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

    /// That oneDNN's do not is promised nowhere: it divides sums among threads.
    @Test(arguments: cases)
    func bitsDoNotDependOnThreads(_ given: ConvolutionCase) throws {
        guard MathLibraries.multipliesBFloat16 else { return }
        let naive = given.naive
        let x = rounded(randomTensor(naive.input, seed: 7))
        let w = randomTensor(naive.weight, seed: 8)
        let dy = randomTensor(naive.output, seed: 9)
        let first = try ComputeThreads.with(1) { try gradient(given, x, w, dy).elements }
        #expect(try ComputeThreads.with(3) { try gradient(given, x, w, dy).elements } == first)
    }

    /// What is not finite stays where it is: channels beside it have sums of their own. Positions of one channel, the
    /// last one of a sample or one that every shift of a kernel reads, in a sample that has no second one.
    @Test(arguments: [
        (
            ConvolutionCase(samples: 11, channels: 40, outputs: 24, kernel: 1, size: [5, 5]), sample: 1,
            row: 4
        ),
        (
            ConvolutionCase(
                samples: 15, channels: 40, outputs: 24, kernel: 3, padding: one, size: [5, 5]), sample: 14,
            row: 2
        ),
    ])
    func nonFiniteNumbersStayInTheirChannels(_ given: ConvolutionCase, sample: Int, row: Int) throws {
        let x = randomTensor(given.naive.input, seed: 10)
        var elements = x.elements
        let channel = 15
        elements[((sample * 40 + channel) * 5 + row) * 5 + row] = .nan
        let w = randomTensor(given.naive.weight, seed: 11)
        let dw = try gradient(
            given, rounded(Tensor(x.shape, elements)), w, randomTensor(given.naive.output, seed: 12))
        let taps = w.shape[2] * w.shape[3]
        for (index, element) in dw.elements.enumerated() {
            #expect(element.isNaN == (index / taps % 40 == channel), "element \(index): \(element)")
        }
    }

    /// Says what the tests above have tried.
    @Test func theProcessorIsTold() {
        guard !MathLibraries.multipliesBFloat16 else { return }
        print(
            "neither AVX512-BF16 nor AMX here: weight gradients of bfloat16 were compared as oneDNN "
                + "computes them, and on one number of threads")
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
