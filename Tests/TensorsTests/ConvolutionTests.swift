import Tensors
import TestSupport
import Testing

/// One convolution to check, small enough for differences.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
    var samples = 2
    let channels: Int
    let outputs: Int
    let kernel: Int
    var stride = 1
    /// Top, bottom, left, right.
    var padding = [0, 0, 0, 0]
    var groups = 1
    var size = [7, 6]
    var hasBias = false
    /// Whether the padding is left to the convolution to find.
    var isSame = false
    /// By how much an output or a gradient may differ from the definition.
    var tolerance = 2e-5

    var testDescription: String {
        "\(samples)×\(channels)×\(size[0])×\(size[1]) to \(outputs), kernel \(kernel), stride \(stride), "
            + "padding \(padding), groups \(groups)\(hasBias ? ", bias" : "")"
            + (isSame ? ", same" : "")
    }

    var naive: NaiveConvolution {
        NaiveConvolution(
            input: [samples, channels, size[0], size[1]],
            weight: [outputs, channels / groups, kernel, kernel], stride: stride, padding: padding,
            groups: groups)
    }

    var settings: ConvolutionSettings {
        .init(
            stride: stride,
            padding: isSame
                ? .same : .sides(top: padding[0], bottom: padding[1], left: padding[2], right: padding[3]),
            groups: groups)
    }

    static let all: [ConvolutionCase] = [
        .init(channels: 1, outputs: 1, kernel: 1),
        .init(channels: 1, outputs: 8, kernel: 3, padding: [1, 1, 1, 1]),
        .init(channels: 3, outputs: 8, kernel: 7, stride: 2, padding: [3, 3, 3, 3], size: [15, 13]),
        .init(channels: 3, outputs: 64, kernel: 7, stride: 2, padding: [3, 3, 3, 3], size: [12, 12]),
        .init(channels: 3, outputs: 20, kernel: 3, stride: 2, padding: [0, 1, 0, 1], hasBias: true),
        .init(channels: 3, outputs: 3, kernel: 3, padding: [1, 1, 1, 1], hasBias: true),
        .init(channels: 8, outputs: 8, kernel: 1, hasBias: true),
        .init(channels: 8, outputs: 16, kernel: 3, stride: 2, padding: [1, 1, 1, 1]),
        .init(channels: 8, outputs: 8, kernel: 5, padding: [2, 2, 2, 2], hasBias: true),
        .init(channels: 16, outputs: 16, kernel: 3, padding: [1, 1, 1, 1]),
        .init(channels: 8, outputs: 32, kernel: 3, stride: 2, padding: [1, 1, 1, 1], size: [9, 11]),
        // More rows than the fastest cache holds, and more positions than are summed in 32 bits.
        .init(
            channels: 16, outputs: 16, kernel: 3, padding: [1, 1, 1, 1], size: [12, 90], tolerance: 2e-4),
        // Enough positions for Winograd's algorithm, but not the channels for it; then both: tiles that are whole, that are
        // cut, and maps smaller than two tiles. Its rounding is 2e-5 of the outputs.
        .init(
            channels: 16, outputs: 48, kernel: 3, padding: [1, 1, 1, 1], size: [24, 32], hasBias: true,
            tolerance: 2e-4),
        .init(
            samples: 3, channels: 32, outputs: 16, kernel: 3, padding: [1, 1, 1, 1], size: [17, 23],
            tolerance: 2e-4),
        .init(
            samples: 16, channels: 32, outputs: 32, kernel: 3, padding: [1, 1, 1, 1], size: [7, 7],
            tolerance: 2e-4),
        .init(
            samples: 40, channels: 16, outputs: 16, kernel: 3, padding: [1, 1, 1, 1], size: [4, 5],
            tolerance: 2e-4),
        // Enough for it in bfloat16 too: more channels of the output than of the input, fewer, and numbers of tiles that
        // are not a multiple of those that are multiplied at once.
        .init(
            channels: 32, outputs: 64, kernel: 3, padding: [1, 1, 1, 1], size: [24, 33], tolerance: 2e-4),
        .init(
            samples: 3, channels: 64, outputs: 32, kernel: 3, padding: [1, 1, 1, 1], size: [23, 25],
            tolerance: 2e-4),
        .init(
            samples: 33, channels: 32, outputs: 32, kernel: 3, padding: [1, 1, 1, 1], size: [7, 7],
            tolerance: 3e-4),
        // As many positions, with zeros on no side, and on some.
        .init(channels: 16, outputs: 16, kernel: 3, size: [30, 22]),
        .init(channels: 16, outputs: 16, kernel: 3, padding: [0, 1, 1, 0], size: [30, 22]),
        .init(channels: 16, outputs: 20, kernel: 1, stride: 2),
        .init(channels: 20, outputs: 16, kernel: 3, padding: [1, 1, 1, 1], hasBias: true),
        .init(channels: 20, outputs: 20, kernel: 5, stride: 2, padding: [1, 2, 1, 2]),
        .init(channels: 20, outputs: 3, kernel: 3, stride: 2, padding: [0, 1, 0, 1]),
        .init(channels: 64, outputs: 64, kernel: 1),
        .init(channels: 64, outputs: 16, kernel: 3, padding: [1, 1, 1, 1], size: [4, 4]),
        // An even size, so that the last row and column are never read.
        .init(channels: 16, outputs: 8, kernel: 1, stride: 2, size: [6, 8]),
        .init(samples: 1, channels: 8, outputs: 8, kernel: 3, padding: [1, 1, 1, 1], size: [1, 1]),
        .init(
            samples: 1, channels: 20, outputs: 8, kernel: 7, stride: 2, padding: [3, 3, 3, 3], size: [5, 9]),
        // Groups: two, depthwise, and four channels each.
        .init(channels: 16, outputs: 32, kernel: 3, padding: [1, 1, 1, 1], groups: 2, hasBias: true),
        .init(channels: 20, outputs: 20, kernel: 3, padding: [1, 1, 1, 1], groups: 2),
        .init(channels: 8, outputs: 8, kernel: 3, padding: [1, 1, 1, 1], groups: 8, hasBias: true),
        .init(channels: 16, outputs: 16, kernel: 5, stride: 2, padding: [1, 2, 1, 2], groups: 16),
        .init(channels: 20, outputs: 20, kernel: 3, stride: 2, padding: [0, 1, 0, 1], groups: 20),
        .init(channels: 64, outputs: 64, kernel: 3, padding: [1, 1, 1, 1], groups: 64, hasBias: true),
        .init(channels: 16, outputs: 16, kernel: 3, padding: [1, 1, 1, 1], groups: 4),
        .init(
            channels: 20, outputs: 40, kernel: 3, stride: 2, padding: [1, 1, 1, 1], groups: 5, hasBias: true),
        // TensorFlow's padding: an odd number of zeros has one more below and on the right.
        .init(channels: 3, outputs: 8, kernel: 3, stride: 2, padding: [1, 1, 0, 1], isSame: true),
        .init(
            channels: 8, outputs: 8, kernel: 3, stride: 2, padding: [1, 1, 0, 1], groups: 8, isSame: true),
        .init(
            channels: 24, outputs: 24, kernel: 5, stride: 2, padding: [2, 2, 1, 2], groups: 24, isSame: true),
        .init(
            channels: 16, outputs: 16, kernel: 5, stride: 2, padding: [1, 2, 2, 2], groups: 16, size: [8, 5],
            isSame: true),
        .init(channels: 8, outputs: 8, kernel: 5, padding: [2, 2, 2, 2], groups: 8, isSame: true),
        .init(channels: 8, outputs: 16, kernel: 1, isSame: true),
        .init(channels: 8, outputs: 8, kernel: 1, stride: 2, size: [6, 7], isSame: true),
        // The kernel is larger than the image.
        .init(
            samples: 1, channels: 8, outputs: 8, kernel: 5, stride: 2, padding: [2, 2, 1, 2], groups: 8,
            size: [1, 2], isSame: true),
    ]
}

@Suite struct ConvolutionTests {
    @Test(arguments: ConvolutionCase.all, testLayouts)
    func agreesWithTheDefinition(_ given: ConvolutionCase, layout: Layout) throws {
        let naive = given.naive
        let x = randomTensor(naive.input, seed: 1)
        let w = randomTensor(naive.weight, seed: 2)
        let b = given.hasBias ? randomTensor([given.outputs], seed: 3) : nil
        let dy = randomTensor(naive.output, seed: 4)

        let tape = Tape()
        let input = Variable(x.with(layout: layout), requiresGradient: true)
        let weight = Variable(w, requiresGradient: true)
        let bias = b.map { Variable($0, requiresGradient: true) }
        let y = tape.convolution(input, weight: weight, bias: bias, settings: given.settings)
        #expect(y.shape == naive.output)
        #expect(
            mismatch(y.value, naive.forward(x, w, bias: b), absolute: given.tolerance, relative: 1e-5) == nil)
        #expect(paddingMismatch(y.value) == nil)

        try tape.backward(from: tape.dot(y, dy))
        let expected = naive.gradients(x, w, dy)
        let dx = try #require(input.gradient)
        #expect(mismatch(dx, expected.x, absolute: given.tolerance, relative: 1e-5) == nil)
        #expect(paddingMismatch(dx) == nil)
        // One product a position is added in 32 bits.
        let addends = naive.output.count / given.outputs
        #expect(
            mismatch(
                try #require(weight.gradient), expected.w,
                absolute: max(given.tolerance, 1e-7 * Double(addends)),
                relative: 1e-5) == nil)
        if let bias {
            #expect(
                mismatch(
                    try #require(bias.gradient), expected.bias, absolute: given.tolerance, relative: 1e-5)
                    == nil)
        }
    }

    @Test(arguments: ConvolutionCase.all)
    func gradientsAgreeWithDifferences(_ given: ConvolutionCase) throws {
        let x = randomTensor(given.naive.input, seed: 5)
        let w = randomTensor(given.naive.weight, seed: 6)
        let b = randomTensor([given.outputs], seed: 7)
        // Linear in each input, so a large step has no error of its own.
        if given.hasBias {
            #expect(
                try gradientMismatch(["x": x, "weight": w, "bias": b], step: 0.5, largestCount: 20) {
                    $0.convolution($1[0], weight: $1[1], bias: $1[2], settings: given.settings)
                } == nil)
        } else {
            #expect(
                try gradientMismatch(["x": x, "weight": w], step: 0.5, largestCount: 20) {
                    $0.convolution($1[0], weight: $1[1], settings: given.settings)
                } == nil)
        }
    }

    @Test func aChangedWeightIsSeen() {
        let x = Variable(randomTensor([1, 8, 4, 4], seed: 8))
        let weight = Variable(randomTensor([8, 8, 3, 3], seed: 9))
        let tape = Tape(recording: false)
        let before = tape.convolution(x, weight: weight, settings: .init())
        weight.assign(randomTensor([8, 8, 3, 3], seed: 10))
        let assigned = tape.convolution(x, weight: weight, settings: .init())
        let fresh = tape.convolution(
            x, weight: Variable(randomTensor([8, 8, 3, 3], seed: 10)), settings: .init())
        #expect(assigned.value.elements == fresh.value.elements)
        #expect(assigned.value.elements != before.value.elements)

        weight.value.fill(with: 0)
        weight.valueDidChange()
        let zero = tape.convolution(x, weight: weight, settings: .init())
        #expect(zero.value.elements.allSatisfy { $0 == 0 })
    }

    @Test func theSameInputGivesTheSameBits() {
        let x = Variable(randomTensor([2, 20, 9, 9], seed: 11))
        let weight = Variable(randomTensor([16, 20, 3, 3], seed: 12))
        let outputs = (0..<3).map { _ in
            Tape().convolution(x, weight: weight, settings: .init(stride: 2)).value.elements
        }
        #expect(outputs[0] == outputs[1] && outputs[0] == outputs[2])
    }
}
