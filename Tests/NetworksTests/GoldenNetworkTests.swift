import Layers
import ModelFiles
import Networks
import ProcessGroups
import Tensors
import TestSupport
import Testing

/// Small networks against torchvision's and timm's in double precision.
@Suite(.timeLimit(.minutes(2))) struct GoldenNetworkTests {
    @Test(arguments: GoldenNetwork.all) func logitsInEvaluationAgree(_ network: GoldenNetwork) throws {
        let (golden, images, _) = try network.contents()
        let classifier = try network.classifier()
        let logits = try classifier(Variable(images), .inference).logits
        let expected = try golden.tensor("output.logits_inference")
        #expect(mismatch(logits.value, expected, absolute: 1e-4, relative: 1e-4) == nil)
        #expect(classifier.buffers.counters.allSatisfy { $0.counter.value == 0 })
        let features = try classifier.backbone.frozen(keeping: []).features(images)
        let folded = classifier.head(Variable(features), .inference).value
        #expect(mismatch(folded, expected, absolute: 1e-4, relative: 1e-4) == nil)
    }

    @Test(arguments: GoldenNetwork.all) func aTrainingPassAgrees(_ network: GoldenNetwork) throws {
        let (golden, images, labels) = try network.contents()
        let classifier = try network.classifier()
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
        try checkGradients(of: classifier, network) { $0.variable.gradient.map { $0.dense() } }
        try checkRunningStatistics(of: classifier, golden)
    }

    /// The running statistics after one step, of the layers that the golden file holds.
    private func checkRunningStatistics(of classifier: Classifier, _ golden: SafetensorsFile) throws {
        let own = classifier.buffers.tensors.filter { golden.shape(of: "output.\($0.name)") != nil }
        #expect(own.count == golden.names.count { $0.contains(".running_") } && !own.isEmpty)
        for (name, tensor) in own {
            let expected = try golden.tensor("output.\(name)")
            #expect(mismatch(tensor, expected, absolute: 1e-5, relative: 1e-4) == nil, "\(name)")
        }
        #expect(classifier.buffers.counters.allSatisfy { $0.counter.value == 1 })
    }

    /// The gradients the golden file holds in full, and the norms of all.
    ///
    /// A shift whose channels go through a 1×1 convolution into another normalization has no gradient but
    /// rounding.
    private func checkGradients(
        of classifier: Classifier, _ network: GoldenNetwork, _ gradient: (Parameter) throws -> Tensor?
    ) throws {
        let golden = try network.contents().golden
        var inFull = 0
        for parameter in classifier.parameters {
            let own = try #require(try gradient(parameter), "\(parameter.name)")
            let norm = try golden.tensor("output.gradient_norm.\(parameter.name)").scalar
            #expect(
                mismatch([own.squaredNorm.squareRoot()], [Double(norm)], absolute: 1e-5, relative: 1e-4)
                    == nil, "\(parameter.name)")
            let name = "gradient.\(parameter.name)"
            guard golden.shape(of: name) != nil else { continue }
            inFull += 1
            // Elements near zero are as exact as the largest ones.
            let text = mismatch(
                own, try golden.tensor(name), absolute: 1e-4 * Double(norm), relative: 1e-4)
            #expect(text == nil, "\(parameter.name)")
        }
        #expect(inFull == network.gradientCount)
        #expect(golden.names.count { $0.hasPrefix("gradient.") } == network.gradientCount)
        #expect(golden.names.count { $0.hasPrefix("output.gradient_norm.") } == classifier.parameters.count)
    }

    /// Two ranks that hold different numbers of the pictures compute shares that add up to the same.
    @Test(arguments: GoldenNetwork.all)
    func synchronizedRanksAddUpToTheSame(_ network: GoldenNetwork) throws {
        let (golden, images, labels) = try network.contents()
        let bounds = [0, labels.count / 2 + 1, labels.count]
        let results = try ThreadedGroup.run(size: 2) { group in
            let rows = bounds[group.rank]..<bounds[group.rank + 1]
            let classifier = try network.classifier()
            let tape = Tape()
            let context = ForwardContext(
                tape: tape, normalization: .synchronized, reducer: GroupStatistics(group))
            let logits = try classifier(Variable(images.rows(rows)), context).logits
            let loss = tape.crossEntropy(logits, labels: Array(labels[rows]), divisor: labels.count)
            try tape.backward(from: loss)
            let gradients = classifier.parameters.map {
                $0.variable.gradient?.elements.map(Double.init) ?? []
            }
            return (
                logits: logits.value, loss: loss.value.scalar, gradients: gradients,
                running: classifier.buffers.tensors.map(\.tensor.elements)
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
        let classifier = try network.classifier()
        let sums = Dictionary(
            uniqueKeysWithValues: classifier.parameters.enumerated().map { index, parameter in
                let (first, second) = (results[0].gradients[index], results[1].gradients[index])
                return (parameter.name, Tensor(parameter.shape, zip(first, second).map { Float($0 + $1) }))
            })
        try checkGradients(of: classifier, network) { sums[$0.name] }
    }

    /// Fixed statistics make the whole network a smooth function but for its kinks: directional
    /// differences of the loss along the gradient of some parameters.
    @Test(
        arguments: [
            (0, "conv1.weight"), (0, "layer2.0.downsample.0.weight"), (0, "layer4.1.bn2.bias"),
            (0, "fc.weight"), (1, "conv_stem.weight"), (1, "blocks.2.0.conv_dw.weight"),
            (1, "blocks.5.1.bn3.bias"), (1, "conv_head.weight"), (1, "classifier.weight"),
            (3, "layer1.1.conv2.weight"), (3, "layer4.0.bn2.weight"),
            (4, "features.8.conv.1.0.weight"), (4, "features.17.conv.3.bias"),
        ])
    func frozenStatisticsGiveTheGradientOfTheLoss(_ index: Int, _ name: String) throws {
        let network = GoldenNetwork.all[index]
        let (_, images, labels) = try network.contents()
        let classifier = try network.classifier()
        let loss = { (tape: Tape) in
            let context = ForwardContext(tape: tape, normalization: .frozen)
            let logits = try classifier(Variable(images), context).logits
            return tape.crossEntropy(logits, labels: labels, divisor: labels.count)
        }
        let tape = Tape()
        try tape.backward(from: try loss(tape))
        let parameter = try #require(classifier.parameters.first { $0.name == name })
        let gradient = try #require(parameter.variable.gradient).dense()
        let start = parameter.variable.value.elements
        let norm = gradient.squaredNorm.squareRoot()
        let step = 3e-4 / norm
        let value = { (factor: Double) in
            let moved = zip(start, gradient.elements).map { Float(Double($0) + factor * Double($1)) }
            parameter.variable.assign(Tensor(parameter.shape, moved))
            return Double(try loss(Tape(recording: false)).value.scalar)
        }
        let quotient = try (value(step) - value(-step)) / (2 * step)
        #expect(mismatch([quotient], [norm * norm], relative: 2e-2) == nil)
    }
}
