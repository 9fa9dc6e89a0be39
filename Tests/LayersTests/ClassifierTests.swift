import Layers
import ModelFiles
import Tensors
import TestSupport
import Testing

/// Classifiers with pooling, bottleneck and heads of one's own.
@Suite struct ClassifierTests {
    /// The largest element of each channel: a pooling of one's own.
    private struct MaximumPooling: Layer {
        let rows: Int

        func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
            context.tape.globalAveragePooling(
                context.tape.pooling(input, PoolingSettings(.maximum, size: rows, stride: rows)))
        }
    }

    /// A head of one's own: two linear layers.
    private struct DeepHead: Layer {
        let first: Linear
        let second: Linear

        var parameters: [Parameter] { first.parameters + second.parameters }

        func callAsFunction(_ input: Variable, _ context: ForwardContext) -> Variable {
            second(context.tape.rectified(first(input, context)), context)
        }
    }

    private let images = Variable(randomTensor([2, 3, 6, 6], seed: 1))

    private func backbone() -> TinyBackbone {
        let backbone = TinyBackbone()
        backbone.initialize(seed: 1)
        return backbone
    }

    private func linear(_ name: String, _ inputs: Int, _ outputs: Int, bias: Float = 0) -> Linear {
        let linear = Linear(name: name, inputs: inputs, outputs: outputs)
        linear.initialize(seed: 2)
        linear.bias.initialize(repeating: bias)
        return linear
    }

    @Test func poolingBottleneckAndHeadAreCalledInOrder() throws {
        let backbone = backbone()
        let bottleneck = linear("bottleneck", 4, 3, bias: 0.01)
        let head = DeepHead(first: linear("head.0", 3, 8, bias: 0.1), second: linear("head.2", 8, 5))
        let extractor = FeatureExtractor(backbone, pooling: MaximumPooling(rows: 6), featureCount: 4)
            .followed(
                by: Sequential(bottleneck, ActivationLayer(.relu)), featureCount: 3)
        let classifier = ImageClassifier(extractor, head: head)
        let (features, logits) = try classifier(images, .inference)

        let map = try backbone.featureMap(images, .inference).value
        let largest = Tensor(
            [2, 4], (0..<8).map { map.elements[$0 * 36..<($0 + 1) * 36].max() ?? .nan })
        let context = ForwardContext.inference
        let expected = context.tape.rectified(bottleneck(Variable(largest), context))
        #expect(mismatch(features.value, expected.value, relative: 1e-6) == nil)
        #expect(mismatch(logits.value, head(expected, context).value, relative: 1e-6) == nil)
        // The pooling is not the backbone's, or this would prove nothing.
        let mean = try backbone.features(images, .inference)
        #expect(mismatch(largest, mean.value, relative: 1e-2) != nil)

        #expect(
            classifier.parameters.map(\.name) == [
                "conv1.weight", "bn1.weight", "bn1.bias", "bottleneck.weight", "bottleneck.bias",
                "head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias",
            ])
        #expect(extractor.newParameters.map(\.name) == ["bottleneck.weight", "bottleneck.bias"])
        #expect(classifier.buffers.map(\.name) == backbone.buffers.map(\.name) && extractor.featureCount == 3)
    }

    @Test func aClassifierOfOnesOwnIsSavedAndLoaded() throws {
        func classifier(seed: UInt64) -> Classifier {
            let extractor = FeatureExtractor(backbone()).followed(
                by: Linear(name: "bottleneck", inputs: 4, outputs: 3), featureCount: 3)
            let classifier = Classifier(extractor, classCount: 2)
            for parameter in classifier.parameters { parameter.initializeNormal(deviation: 1, seed: seed) }
            return classifier
        }
        let (saved, loaded) = (classifier(seed: 1), classifier(seed: 2))
        try withTemporaryFile { path in
            try saved.file(metadata: [:]).write(to: path)
            try loaded.load(SafetensorsFile(contentsOf: path))
        }
        #expect(loaded.stateTensors.map(\.elements) == saved.stateTensors.map(\.elements))
        #expect(
            try loaded(images, .inference).logits.value.elements
                == saved(images, .inference).logits.value.elements)
    }

    @Test func twoHeadsReadTheSameFeatures() throws {
        let (source, target) = (linear("source-head", 4, 7, bias: 1), linear("fc", 4, 2))
        let classifier = TwoHeadClassifier(
            FeatureExtractor(backbone()), sourceHead: source, targetHead: target)
        let tape = Tape()
        let context = ForwardContext(tape: tape, normalization: .local)
        let (features, sourceLogits, targetLogits) = try classifier(images, context)
        #expect(features.shape == [2, 4])
        #expect(sourceLogits.value.elements == source(features, .inference).value.elements)
        #expect(targetLogits.value.elements == target(features, .inference).value.elements)
        let loss = tape.add(
            tape.crossEntropy(sourceLogits, labels: [6, 3], divisor: 2),
            tape.crossEntropy(targetLogits, labels: [0, 1], divisor: 2))
        try tape.backward(from: loss)
        #expect(classifier.parameters.allSatisfy { $0.variable.gradient != nil })
        #expect(
            classifier.parameters.map(\.name).suffix(4) == [
                "source-head.weight", "source-head.bias", "fc.weight", "fc.bias",
            ])
    }

    @Test func rolesTellWeightsFromTheRest() {
        #expect(backbone().parameters.map(\.role) == [.weight, .scale, .shift])
        #expect(linear("fc", 4, 2).parameters.map(\.role) == [.weight, .bias])
    }
}
