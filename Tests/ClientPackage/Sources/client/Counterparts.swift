import Layers
import ModelFiles
import ProcessGroups
import Regularizers
import Tensors

/// A method made for a task, on the ranks that train it.
struct Counterpart: Sendable {
    let name: String
    let make: @Sendable (SmallTask, any ProcessGroup) throws -> any Regularizer
}

/// The counterpart of each class of the reference library's page on regularization.
let counterparts = [
    Counterpart(name: "L2Regularization") { task, _ in
        let parameters = task.classifier.head.parameters.map(\.variable)
        return Term(weight: 0.01) { $0.context.tape.l2(parameters, over: $0.group) }
    },
    Counterpart(name: "SPRegularization") { task, _ in
        let parameters = task.classifier.backbone.parameters.map(\.variable)
        let start = parameters.map { $0.value.duplicate() }
        return Term(weight: 0.01) { $0.context.tape.l2SP(parameters, from: start, over: $0.group) }
    },
    Counterpart(name: "BehavioralRegularization, IntermediateLayerGetter") { task, _ in
        let layers = ["conv1", "relu"]
        return Term(weight: 0.001, needs: RegularizerNeeds(taps: layers)) { step in
            let source = try task.source.features(step.images, observing: layers).outputs
            return step.context.tape.behavioralDistance(
                layers.compactMap { step.maps[$0] }, from: source)
        }
    },
    Counterpart(name: "AttentionBehavioralRegularization") { task, _ in
        let attention = try ChannelAttention.weights(lossIncrease: [0.1, 0, 0.3, 0.2, 0, 0.1])
        return Term(weight: 0.01, needs: RegularizerNeeds(taps: ["conv1"])) { step in
            let source = try task.source.features(step.images, observing: ["conv1"]).outputs
            return step.context.tape.behavioralDistance(
                [step.maps["conv1"]].compactMap { $0 }, from: source, attention: [attention])
        }
    },
    Counterpart(name: "KnowledgeDistillationLoss (LWF)") { task, _ in
        Term(weight: 1, ownParameters: task.sourceHead.parameters) { step in
            let teacher = task.sourceHead(Variable(try task.source.features(step.images)), .inference).value
            return step.context.tape.distillation(
                task.sourceHead(step.features, step.context), teacher: teacher, temperature: 3,
                divisor: step.globalBatch)
        }
    },
    Counterpart(name: "CoTuningLoss, Relationship") { task, group in
        let relationship = try Relationship.direct(
            logits: task.sourceHead(Variable(try task.source.features(task.images)), .inference).value,
            labels: task.labels, classNames: ["a", "b", "c", "d"])
        return Term(weight: 2.3, ownParameters: task.sourceHead.parameters) { step in
            step.context.tape.softCrossEntropy(
                task.sourceHead(step.features, step.context), targets: relationship.targets(of: step.labels),
                divisor: step.globalBatch)
        }
    },
    Counterpart(name: "BiTuning, four outputs") { task, group in
        let features = task.classifier.backbone.featureCount
        let projector = Linear(name: "projector", inputs: features, outputs: 3)
        projector.initialize(seed: 5)
        let key = task.classifier.backbone.copy()
        let keyProjector = Linear(name: "key.projector", inputs: features, outputs: 3)
        let following = MomentumParameters(
            (key.parameters + keyProjector.parameters).map(\.variable),
            following: (task.classifier.backbone.parameters + projector.parameters).map(\.variable))
        following.copy()
        let loss = BiTuningLoss(
            queues: BiTuningQueues(
                featureCount: features, projectionCount: 3, classCount: SmallTask.classCount, length: 2,
                seed: 6))
        return Term(
            weight: 0.1, needs: RegularizerNeeds(secondView: true, wholeBatch: true),
            ownParameters: projector.parameters
        ) { step in
            following.update(momentum: 0.999)
            let context = step.context.recording(on: Tape(recording: false))
            let keys = try key.features(Variable(step.secondView ?? step.images), context)
            let output = try loss(
                features: step.features, projections: projector(step.features, step.context),
                keyFeatures: keys.value, keyProjections: keyProjector(keys, context).value,
                head: task.classifier.head, labels: step.labels, on: step.context.tape, over: step.group)
            return output.loss(on: step.context.tape, divisor: step.globalBatch)
        }
    },
    Counterpart(name: "FeatureNormPenalty") { _, _ in FeatureNormPenalty(tradeOff: 0.1, radius: 2) },
    Counterpart(name: "BatchSpectralShrinkage") { _, _ in
        Term(weight: 0.001, needs: RegularizerNeeds(wholeBatch: true, smallestBatch: 2)) {
            try $0.context.tape.spectralShrinkage($0.features, count: 2, over: $0.group)
        }
    },
]
