import Foundation
import Layers
import ProcessGroups
import Regularizers
import Tensors

/// Trains a small network with every method, and compares what the ranks of the job compute together with what one
/// process computes of the whole batch.
@main struct Client {
    static func main() {
        exit(
            MPIRuntime.run { group in
                var checks = 0
                for counterpart in counterparts {
                    try check(counterpart, group)
                    checks += 1
                }
                try checkClassifiers()
                try checkTermExample()
                try checkArticleExample(group)
                checks += 3
                if group.rank == 0 { print("ok \(checks) checks") }
            })
    }

    private static func check(_ counterpart: Counterpart, _ group: any ProcessGroup) throws {
        let alone = try losses(counterpart, SoloGroup())
        let together = try losses(counterpart, group)
        for (step, pair) in zip(alone, together).enumerated() {
            guard abs(pair.0 - pair.1) <= 1e-4 * abs(pair.0) else {
                throw Failure(
                    "\(counterpart.name), step \(step): \(pair.1) on \(group.size) ranks, \(pair.0) on one")
            }
        }
        // Bi-Tuning's queues hold random keys before the first step.
        guard let last = together.last, last < together[1] else {
            throw Failure("\(counterpart.name): the objective went \(together)")
        }
    }

    private static func losses(_ counterpart: Counterpart, _ group: any ProcessGroup) throws -> [Double] {
        let task = try SmallTask()
        return try task.losses(with: try counterpart.make(task, group), over: group)
    }

    private static func checkTermExample() throws {
        let task = try SmallTask()
        let source = try task.source.features(task.images, observing: ["conv1"]).outputs
        let gradient = try termExample(
            task.classifier, images: Variable(task.images), sourceMaps: source, labels: task.labels)
        guard let gradient, gradient.elements.contains(where: { $0 != 0 }) else {
            throw Failure("the example of a term has no gradient")
        }
    }

    /// A network of the golden files stands for the pretrained one.
    private static func checkArticleExample(_ group: any ProcessGroup) throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Golden")
        let losses = { (group: any ProcessGroup) in
            try fineTune(
                weights: golden.appending(path: "source.safetensors").path,
                images: golden.appending(path: "trajectory-data.safetensors").path, steps: 24, group: group)
        }
        let (alone, together) = (try losses(SoloGroup()), try losses(group))
        for (one, other) in zip(alone, together) where abs(one - other) > 1e-4 * abs(one) {
            throw Failure("the article's example: \(together) on \(group.size) ranks, \(alone) on one")
        }
        // The images are noise: only several passes over them say that something is learned.
        guard together.count == 24, together.suffix(3).reduce(0, +) < together.prefix(3).reduce(0, +) else {
            throw Failure("the article's example: the objective went \(together)")
        }
    }

    /// Classifiers with a pooling and a bottleneck of one's own, with one head and with two.
    private static func checkClassifiers() throws {
        let task = try SmallTask()
        let bottleneck = Linear(name: "bottleneck", inputs: 6, outputs: 3)
        bottleneck.initialize(seed: 7)
        let extractor = FeatureExtractor(SmallNetwork(), pooling: MeanPooling(), featureCount: 6)
            .followed(by: Sequential(bottleneck, ActivationLayer(.relu)), featureCount: 3)
        let heads = (Linear(name: "source", inputs: 3, outputs: 5), Linear(name: "fc", inputs: 3, outputs: 4))
        let classifier = TwoHeadClassifier(extractor, sourceHead: heads.0, targetHead: heads.1)
        let output = try classifier(Variable(task.images), .inference)
        let shapes = [output.features.shape, output.source.shape, output.target.shape]
        guard shapes == [[16, 3], [16, 5], [16, 4]] else { throw Failure("classifier of shapes \(shapes)") }
        let own = ImageClassifier(extractor, head: Sequential(heads.1))
        let logits = try own(Variable(task.images), .inference).logits
        guard logits.shape == [16, 4] else { throw Failure("logits of \(logits.shape)") }
    }
}

/// What did not come out as it should.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
