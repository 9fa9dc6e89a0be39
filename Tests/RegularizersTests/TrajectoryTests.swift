import Layers
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// Six training steps against the reference library's, put together from tensors, layers and methods alone.
@Suite(.timeLimit(.minutes(2))) struct TrajectoryTests {
    enum Method: String, Sendable, CaseIterable {
        case fineTune = "fine-tune"
        case l2sp = "l2-sp"
    }

    /// What one rank saw.
    private struct Trajectory: Sendable {
        var classificationLoss: [Double] = []
        var penalty: [Double] = []
        var loss: [Double] = []
        var final: [String: Tensor] = [:]
    }

    /// Steps of the `.yaml` beside the golden file: batches in order, rate 0.01, a tenth for the backbone.
    private static func train(_ method: Method, _ group: any ProcessGroup) throws -> Trajectory {
        let data = try SafetensorsFile(contentsOf: goldenPath("trajectory-data.safetensors"))
        let (images, labels) = (try data.tensor("images"), try data.integers("labels"))
        let classifier = Classifier(backbone: ResNet(.resNet18, baseWidth: 8), classCount: 5)
        try classifier.backbone.load(SafetensorsFile(contentsOf: goldenPath("source.safetensors")))
        let start = try SafetensorsFile(contentsOf: goldenPath("trajectory-initial-head.safetensors"))
        classifier.head.weight.variable.assign(try start.tensor("head.weight"))
        classifier.head.bias.variable.assign(try start.tensor("head.bias"))
        let backbone = classifier.backbone.parameters
        let regularizer: any Regularizer =
            switch method {
            case .fineTune: FineTune()
            case .l2sp: L2SP(backbone: backbone, tradeOff: 0.01, headTradeOff: 0.01, scope: .all)
            }
        let momenta = classifier.parameters.map { Tensor(repeating: 0, $0.shape) }
        let reducer = GroupStatistics(group)
        var result = Trajectory()
        for step in 0..<6 {
            // Contiguous slices of the batch of 8; uneven with 3 ranks.
            let rows = 8 * step + 8 * group.rank / group.size..<8 * step + 8 * (group.rank + 1) / group.size
            let tape = Tape()
            let logits = try classifier(
                Variable(images.rows(rows)),
                ForwardContext(tape: tape, normalization: .synchronized(reducer))
            ).logits
            let share = tape.crossEntropy(logits, labels: Array(labels[rows]), divisor: 8)
            try tape.backward(from: share)
            let loss = try group.sum(Double(share.value.scalar))
            var (penalty, objective) = (0.0, 0.0)
            for (index, (parameter, momentum)) in zip(classifier.parameters, momenta).enumerated() {
                var gradient = parameter.variable.gradient?.elements ?? []
                try group.sum(&gradient)
                let part: NetworkPart = index < backbone.count ? .backbone : .head
                let term = regularizer.parameterPenalty(on: parameter, of: part)
                let value = parameter.variable.value.descend(
                    gradient: Tensor(parameter.shape, gradient), momentum: momentum,
                    step: MomentumStep(
                        rate: part == .backbone ? 0.001 : 0.01, momentum: 0.9, isNesterov: true,
                        weightDecay: method == .fineTune ? 5e-4 : 0),
                    penalty: term)
                parameter.variable.valueDidChange()
                parameter.variable.clearGradient()
                if part == .backbone { penalty += value }
                objective += (term?.strength ?? 0) * value
            }
            result.classificationLoss.append(loss)
            result.penalty.append(penalty)
            result.loss.append(loss + objective)
        }
        for parameter in classifier.parameters { result.final[parameter.name] = parameter.variable.value }
        result.final["bn1.running_mean"] = classifier.backbone.normalizations[0].runningMean
        return result
    }

    @Test(arguments: Method.allCases, [1, 2, 3])
    func everyStepAgrees(_ method: Method, ranks: Int) throws {
        let golden = try SafetensorsFile(
            contentsOf: goldenPath("trajectory-\(method.rawValue).safetensors"))
        let results = try ThreadedGroup.run(size: ranks) { try Self.train(method, $0) }
        let expected = { (name: String) in
            try golden.tensor("output.\(name)").elements.map(Double.init)
        }
        for result in results {
            #expect(
                mismatch(result.classificationLoss, try expected("classification_loss"), relative: 1e-4)
                    == nil)
            #expect(mismatch(result.loss, try expected("loss"), relative: 1e-4) == nil)
            #expect(mismatch(result.penalty, try expected("penalty"), absolute: 1e-9, relative: 1e-4) == nil)
        }
        let finals = golden.names.filter { $0.hasPrefix("output.final.") }
        #expect(finals.count == 5)
        for name in finals {
            let own = name.dropFirst("output.final.".count).split(separator: ".")
            let key = (own[0] == "head" ? ["fc"] + own.dropFirst() : own[...]).joined(separator: ".")
            let tensor = try #require(results[0].final[key], "\(key)")
            #expect(
                mismatch(tensor, try golden.tensor(name), absolute: 2e-6, relative: 1e-4) == nil, "\(key)")
            for result in results { #expect(result.final[key]?.elements == tensor.elements) }
        }
    }
}
