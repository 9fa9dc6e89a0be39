import ImageData
import Layers
import ModelFiles
import Networks
import ProcessGroups
import Regularizers
import Training

/// Fine-tunes a pretrained ResNet-18 with L2-SP. Every rank of the group calls it.
///
/// - Returns: The objective before each step, the same on every rank.
func fineTune(weights: String, images: String, steps: Int, group: any ProcessGroup) throws -> [Double] {
    // All samples, and this rank's part of each batch of 16.
    let samples = try Subset.training(of: DatasetFile.open(path: images))
    let pipeline = ImagePipeline(transform: ComposedTransform([]), normalization: .imageNet)
    let batches = try BatchLoader(
        subset: samples, pipeline: pipeline, seed: 0, shard: Shard(rank: group.rank, size: group.size),
        globalBatch: 16)

    // The pretrained backbone with a new head; every rank gets rank 0's numbers.
    let network = NetworkName.resnet18
    let published = try PublishedWeights(WeightFile.open(weights), for: network)
    let classifier = Classifier(
        backbone: network.specification.makeBackbone(published.options), classCount: samples.classCount)
    try classifier.backbone.load(published)
    classifier.head.initialize(seed: 0)
    try classifier.replicate(over: group)

    // The backbone trains at a tenth of the head's rate.
    let groups = [
        ParameterGroup(
            name: "backbone", part: .backbone, learningRateMultiplier: 0.1,
            parameters: classifier.backbone.parameters),
        ParameterGroup(
            name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters),
    ]
    let method = L2SP(
        backbone: classifier.backbone.parameters, tradeOff: 0.01, headTradeOff: 0.01, scope: .all)
    let step = try TrainingStep(
        classifier, groups: groups, regularizer: method,
        optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0), normalization: .synchronized,
        group: group)
    return try (0..<steps).map { number in
        try step.run([batches.batch(step: number)], globalBatch: 16, learningRate: 0.01).loss
    }
}
