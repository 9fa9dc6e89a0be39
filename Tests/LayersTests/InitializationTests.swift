import Layers
import Tensors
import TestSupport
import Testing

@Suite struct InitializationTests {
    /// Mean and standard deviation.
    private func moments(_ tensor: Tensor) -> (mean: Double, deviation: Double) {
        let values = tensor.elements.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        return (mean, square.squareRoot())
    }

    @Test(arguments: [(1, 1), (3, 1), (3, 64), (7, 4)])
    func kernelsAreDrawnByFanOut(_ kernel: (size: Int, groups: Int)) {
        let layer = Convolution2D(
            name: "conv1", inputChannels: 128, outputChannels: 256, size: kernel.size,
            settings: .init(groups: kernel.groups))
        #expect(layer.weight.shape == [256, 128 / kernel.groups, kernel.size, kernel.size])
        #expect(layer.weight.variable.value.elements.allSatisfy { $0 == 0 })
        layer.initialize(seed: 1)
        let expected = (2 / Double(256 / kernel.groups * kernel.size * kernel.size)).squareRoot()
        let (mean, deviation) = moments(layer.weight.variable.value)
        // Within four standard errors.
        let count = Double(layer.weight.count)
        #expect(abs(mean) < 4 * expected / count.squareRoot())
        #expect(abs(deviation - expected) < 4 * expected / (2 * count).squareRoot())
    }

    @Test func headsStartFromSmallNumbersAndZeroBias() {
        let head = Linear(name: "fc", inputs: 512, outputs: 100)
        #expect(head.weight.shape == [100, 512] && head.bias.shape == [100])
        head.bias.initialize(repeating: 5)
        head.initialize(seed: 1)
        let (mean, deviation) = moments(head.weight.variable.value)
        let count = Double(head.weight.count)
        #expect(abs(mean) < 4 * 0.01 / count.squareRoot())
        #expect(abs(deviation - 0.01) < 4 * 0.01 / (2 * count).squareRoot())
        #expect(head.bias.variable.value.elements.allSatisfy { $0 == 0 })
        #expect(head.parameters.map(\.name) == ["fc.weight", "fc.bias"])
    }

    @Test func drawsDependOnSeedAndNameAlone() {
        let draw = { (name: String, seed: UInt64, inputs: Int) in
            let layer = Linear(name: name, inputs: inputs, outputs: 4)
            layer.initialize(seed: seed)
            return layer.weight.variable.value.elements
        }
        #expect(draw("fc", 1, 8) == draw("fc", 1, 8))
        #expect(draw("fc", 1, 8) != draw("fc", 2, 8))
        #expect(draw("fc", 1, 8) != draw("fd", 1, 8))
        #expect(Array(draw("fc", 1, 16).prefix(32)) == draw("fc", 1, 8))
    }

    /// Of another program, so that a run's initial head can be reproduced elsewhere.
    @Test func theFirstDrawsAreFixed() {
        let layer = Linear(name: "fc", inputs: 2, outputs: 1)
        layer.initialize(seed: 3)
        #expect(
            mismatch(
                layer.weight.variable.value, [-0.013159826720101856, 0.012048417993971577], relative: 1e-5)
                == nil)
    }

    @Test func aLayerIsItsOperationOnItsParameters() throws {
        let x = randomTensor([2, 3, 5, 5], seed: 1)
        let convolution = Convolution2D(
            name: "conv1", inputChannels: 3, outputChannels: 8, size: 3,
            settings: .init(stride: 2, padding: .init(1)))
        convolution.initialize(seed: 1)
        let head = Linear(name: "fc", inputs: 8, outputs: 4)
        head.initialize(seed: 1)
        head.bias.initialize(repeating: 2)
        let tape = Tape()
        let context = ForwardContext(tape: tape, normalization: .local)
        let maps = convolution(Variable(x), context)
        let direct = tape.convolution(
            Variable(x), weight: convolution.weight.variable,
            settings: .init(stride: 2, padding: .init(1)))
        #expect(maps.value.elements == direct.value.elements)
        let features = tape.globalAveragePooling(maps)
        let logits = head(features, context)
        let directLogits = tape.linear(features, weight: head.weight.variable, bias: head.bias.variable)
        #expect(logits.value.elements == directLogits.value.elements)
        try tape.backward(from: tape.crossEntropy(logits, labels: [0, 1], divisor: 2))
        for parameter in [convolution.weight] + head.parameters {
            #expect(parameter.variable.gradient != nil, "\(parameter.name)")
        }
    }
}
