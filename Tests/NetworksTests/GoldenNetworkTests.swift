import Layers
import Networks
import ProcessGroups
import Tensors
import TestSupport
import Testing

/// A ResNet-18 of base width 8 against torchvision's in double precision.
@Suite(.timeLimit(.minutes(2))) struct GoldenNetworkTests {
    private let golden: SafetensorsFile
    private let images: Tensor
    private let labels: [Int]

    init() throws {
        golden = try SafetensorsFile(contentsOf: goldenPath("network-resnet18.safetensors"))
        images = try golden.tensor("input.images")
        labels = try golden.integers("input.labels")
    }

    private static func classifier() throws -> Classifier {
        let classifier = Classifier(backbone: ResNet(.resNet18, baseWidth: 8), classCount: 20)
        try classifier.load(try SafetensorsFile(contentsOf: goldenPath("source.safetensors")))
        return classifier
    }

    @Test func logitsInEvaluationAgree() throws {
        let classifier = try Self.classifier()
        let logits = try classifier(Variable(images), .inference).logits
        let expected = try golden.tensor("output.logits_inference")
        #expect(mismatch(logits.value, expected, absolute: 1e-4, relative: 1e-4) == nil)
        let layer = try #require(classifier.backbone.normalizations.first)
        #expect(layer.batchCount == 0)
    }

    @Test func aTrainingPassAgrees() throws {
        let classifier = try Self.classifier()
        let tape = Tape()
        let context = ForwardContext(tape: tape, normalization: .local)
        let logits = try classifier(Variable(images), context).logits
        let expected = try golden.tensor("output.logits_training")
        #expect(mismatch(logits.value, expected, absolute: 1e-4, relative: 1e-4) == nil)
        let loss = tape.crossEntropy(logits, labels: labels, divisor: labels.count)
        #expect(mismatch(loss.value, try golden.tensor("output.loss"), relative: 1e-5) == nil)

        var completed: [String] = []
        let names = Dictionary(
            uniqueKeysWithValues: classifier.parameters.map { (ObjectIdentifier($0.variable), $0.name) })
        try tape.backward(from: loss) { variable in
            if let name = names[ObjectIdentifier(variable)] { completed.append(name) }
        }
        #expect(completed.count == classifier.parameters.count)
        #expect(Set(completed) == Set(classifier.parameters.map(\.name)))
        try checkGradients(of: classifier) { $0.variable.gradient.map { $0.dense() } }

        let layer = try #require(classifier.backbone.normalizations.first)
        #expect(
            mismatch(
                layer.runningMean, try golden.tensor("output.bn1.running_mean"), absolute: 1e-5,
                relative: 1e-4) == nil)
        #expect(
            mismatch(
                layer.runningVariance, try golden.tensor("output.bn1.running_var"), absolute: 1e-5,
                relative: 1e-4) == nil)
        #expect(layer.batchCount == 1)
    }

    /// The gradients the golden file holds in full, and the norms of all.
    private func checkGradients(
        of classifier: Classifier, _ gradient: (Parameter) throws -> Tensor?
    ) throws {
        var inFull = 0
        for parameter in classifier.parameters {
            let own = try #require(try gradient(parameter), "\(parameter.name)")
            let norm = try golden.tensor("output.gradient_norm.\(parameter.name)").scalar
            #expect(
                mismatch([own.squaredNorm.squareRoot()], [Double(norm)], absolute: 1e-6, relative: 1e-4)
                    == nil, "\(parameter.name)")
            let name = "gradient.\(parameter.name)"
            guard golden.shape(of: name) != nil else { continue }
            inFull += 1
            // Elements near zero are as exact as the largest ones.
            let text = mismatch(
                own, try golden.tensor(name), absolute: 1e-4 * Double(norm), relative: 1e-4)
            #expect(text == nil, "\(parameter.name)")
        }
        #expect(inFull == 8)
        #expect(golden.names.count { $0.hasPrefix("gradient.") } == 8)
        #expect(golden.names.count { $0.hasPrefix("output.gradient_norm.") } == classifier.parameters.count)
    }

    /// Ranks that hold 5 and 3 of the 8 pictures compute shares that add up to the same.
    @Test func synchronizedRanksAddUpToTheSame() throws {
        let bounds = [0, 5, 8]
        let (images, labels) = (images, labels)
        let results = try ThreadedGroup.run(size: 2) { group in
            let rows = bounds[group.rank]..<bounds[group.rank + 1]
            let classifier = try Self.classifier()
            let tape = Tape()
            let context = ForwardContext(
                tape: tape, normalization: .synchronized(GroupStatistics(group)))
            let logits = try classifier(Variable(images.rows(rows)), context).logits
            let loss = tape.crossEntropy(logits, labels: Array(labels[rows]), divisor: labels.count)
            try tape.backward(from: loss)
            let gradients = classifier.parameters.map {
                $0.variable.gradient?.elements.map(Double.init) ?? []
            }
            return (
                logits: logits.value, loss: loss.value.scalar, gradients: gradients,
                running: classifier.backbone.normalizations.map { $0.runningVariance.elements }
            )
        }
        let expected = try golden.tensor("output.logits_training")
        for (rank, result) in results.enumerated() {
            let rows = expected.rows(bounds[rank]..<bounds[rank + 1])
            #expect(mismatch(result.logits, rows, absolute: 1e-4, relative: 1e-4) == nil)
            #expect(result.running == results[0].running)
        }
        let loss = results.reduce(0) { $0 + Double($1.loss) }
        #expect(mismatch([loss], [Double(try golden.tensor("output.loss").scalar)], relative: 1e-5) == nil)
        let classifier = try Self.classifier()
        let sums = Dictionary(
            uniqueKeysWithValues: classifier.parameters.enumerated().map { index, parameter in
                let (first, second) = (results[0].gradients[index], results[1].gradients[index])
                return (parameter.name, Tensor(parameter.shape, zip(first, second).map { Float($0 + $1) }))
            })
        try checkGradients(of: classifier) { sums[$0.name] }
    }

    /// Fixed statistics make the whole network a smooth function but for its kinks: directional
    /// differences of the loss along the gradient of some parameters.
    @Test(arguments: ["conv1.weight", "layer2.0.downsample.0.weight", "layer4.1.bn2.bias", "fc.weight"])
    func frozenStatisticsGiveTheGradientOfTheLoss(_ name: String) throws {
        let classifier = try Self.classifier()
        let loss = { (tape: Tape) in
            let context = ForwardContext(tape: tape, normalization: .running)
            let logits = try classifier(Variable(images), context).logits
            return tape.crossEntropy(logits, labels: labels, divisor: labels.count)
        }
        let tape = Tape()
        try tape.backward(from: try loss(tape))
        let parameter = try #require(classifier.parameters.first { $0.name == name })
        let gradient = try #require(parameter.variable.gradient).dense()
        let start = parameter.variable.value.elements
        let norm = gradient.squaredNorm.squareRoot()
        let step = 2e-3 / norm
        let value = { (factor: Double) in
            let moved = zip(start, gradient.elements).map { Float(Double($0) + factor * Double($1)) }
            parameter.variable.assign(Tensor(parameter.shape, moved))
            return Double(try loss(Tape(recording: false)).value.scalar)
        }
        let quotient = try (value(step) - value(-step)) / (2 * step)
        #expect(mismatch([quotient], [norm * norm], relative: 2e-2) == nil)
    }
}
