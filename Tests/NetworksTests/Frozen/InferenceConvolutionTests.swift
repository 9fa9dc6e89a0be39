import Tensors
import Testing

extension FrozenNetworkTests {
    @Suite("Fused convolution")
    struct InferenceConvolutionTests {
        struct Example: Sendable {
            var input: Shape = [2, 8, 9, 9]
            let weight: Shape
            let settings: ConvolutionSettings
            var tolerance: Float = 1e-5
        }

        @Test(
            "Bias, addition and rectification are those of the separate operations",
            arguments: [
                Example(weight: [16, 8, 3, 3], settings: .init(padding: .init(1))),
                // Enough positions and channels for Winograd's algorithm.
                Example(
                    input: [3, 32, 17, 19], weight: [64, 32, 3, 3], settings: .init(padding: .init(1)),
                    tolerance: 5e-5),
                Example(weight: [24, 8, 1, 1], settings: .init(stride: 2)),
                Example(weight: [10, 8, 3, 3], settings: .init(stride: 2, padding: .init(1))),
                Example(weight: [8, 1, 3, 3], settings: .init(padding: .init(1), groups: 8)),
                Example(weight: [8, 1, 5, 5], settings: .init(stride: 2, padding: .same, groups: 8)),
            ],
            [
                (false, Activation.none), (false, .relu), (false, .relu6), (true, .none), (true, .relu),
                (true, .relu6),
            ])
        func fusion(_ example: Example, _ choice: (adding: Bool, activation: Activation)) {
            var random = KeyedRandom(seed: 1, purpose: .initialization)
            func draw(_ shape: Shape) -> Tensor {
                Tensor(shape, (0..<shape.count).map { _ in random.normal() })
            }
            let (x, w) = (draw(example.input), draw(example.weight))
            let bias = draw([example.weight[0]])
            let tape = Tape(recording: false)
            var expected = tape.convolution(
                Variable(x), weight: Variable(w), bias: Variable(bias), settings: example.settings)
            let added = draw(expected.shape)
            if choice.adding { expected = tape.add(expected, Variable(added)) }
            switch choice.activation {
            case .none: break
            case .relu: expected = tape.rectified(expected)
            case .relu6: expected = tape.rectified(expected, ceiling: 6)
            }
            let copy = added.duplicate()
            let convolution = InferenceConvolution(
                weight: w, bias: bias, settings: example.settings, activation: choice.activation)
            let found = convolution(x, adding: choice.adding ? added : nil)
            #expect(relativeError(found, expected.value) < example.tolerance)
            #expect(added.elements == copy.elements)
        }

        @Test("A folded normalization is the normalization")
        func folding() throws {
            let shape: Shape = [2, 3, 5, 5]
            var random = KeyedRandom(seed: 2, purpose: .initialization)
            func draw(_ shape: Shape, _ range: Range<Float> = -1..<1) -> Tensor {
                Tensor(shape, (0..<shape.count).map { _ in random.uniform(in: range) })
            }
            let (x, w) = (draw(shape), draw([4, 3, 3, 3]))
            let (scale, shift, mean, variance) = (draw([4]), draw([4]), draw([4]), draw([4], 0.01..<2))
            let tape = Tape(recording: false)
            let raw = tape.convolution(Variable(x), weight: Variable(w), settings: .init())
            let expected = try tape.batchNormalization(
                raw, scale: Variable(scale), shift: Variable(shift),
                statistics: .fixed(mean: mean, variance: variance), epsilon: 1e-3
            ).output.value
            let normalization = FixedNormalization(
                scale: scale, shift: shift, mean: mean, variance: variance, epsilon: 1e-3)
            #expect(relativeError(normalization(raw.value), expected) < 1e-6)
            let folded = normalization.folded(into: w)
            let found = InferenceConvolution(weight: folded.weight, bias: folded.bias, settings: .init())(x)
            #expect(relativeError(found, expected) < 1e-5)
        }

        @Test("One channel is read and written alone", arguments: [3, 8, 12])
        func channels(_ count: Int) {
            // A convolution's output lies in blocks of channels, an array of elements does not.
            let values = (0..<2 * count * 9).map(Float.init)
            let dense = Tensor([2, count, 3, 3], values)
            let identity = Tensor(
                [count, count, 1, 1], (0..<count * count).map { $0 % (count + 1) == 0 ? 1 : 0 })
            for tensor in [dense, InferenceConvolution(weight: identity, settings: .init())(dense)] {
                let last = count - 1
                let expected = (0..<2).flatMap { sample in
                    (0..<9).map { values[(sample * count + last) * 9 + $0] }
                }
                #expect(tensor.channel(last).elements == expected)
                tensor.replaceChannel(last, with: Tensor(repeating: -1, [2, 3, 3]))
                let changed = values.enumerated().map { $0 / 9 % count == last ? -1 : $1 }
                #expect(tensor.elements == changed)
            }
        }
    }
}
