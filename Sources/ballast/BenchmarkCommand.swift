import ArgumentParser
import Foundation
import Hosts
import ImageData
import Layers
import ProcessGroups
import Regularizers
import Runs
import Tensors
import Training

/// `ballast benchmark`: how long a training step takes here, with this network and method.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure the time and memory of a training step.")

    @Option(help: "\(NetworkConfiguration.Name.allCases.map(\.rawValue).joined(separator: " | ")).")
    var network: NetworkConfiguration.Name = .resnet50

    @Option(help: "\(MethodName.allCases.map(\.rawValue).joined(separator: " | ")).")
    var method: MethodName = .fineTune

    @Option(help: "Samples a rank.")
    var batch = 8

    @Option(help: "Rows and columns of an image.")
    var imageSize = 224

    @Option(help: "Steps that are measured, after two that are not.")
    var steps = 5

    @Option(help: "How sums over ranks overlap with the backward pass: auto | none | polling | thread.")
    var overlap = CommunicationConfiguration.Overlap.auto

    @Option(help: "How gradients travel: float32 | bfloat16.")
    var wireFormat = WireFormat.float32

    @Option(help: "Bytes of gradients that are summed at a time; by the number of ranks if absent.")
    var bucketBytes: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard batch >= 1, steps >= 1, imageSize >= 32, bucketBytes ?? 4096 >= 4096 else {
            throw ValidationError(
                "--batch and --steps are at least 1, --image-size at least 32, --bucket-bytes at least 4096")
        }
    }

    private static let sourceClassCount = 1000

    func run() throws { try Ballast.runOnAllRanks(measure) }

    private func measure(_ group: any ProcessGroup) throws {
        let samples = SyntheticSamples(batch: batch, imageSize: imageSize, group: group)
        let configuration = NetworkConfiguration(name: network)
        let classifier = Classifier(backbone: configuration.makeBackbone(), classCount: samples.classCount)
        classifier.backbone.initialize(seed: 0)
        classifier.head.initialize(seed: 0)
        let sourceHead = Linear(
            name: "source-head", inputs: classifier.backbone.featureCount, outputs: Self.sourceClassCount)
        sourceHead.initialize(seed: 0)
        let regularizer = try method.benchmarkSettings(for: network).makeRegularizer(
            from: MethodIngredients(
                classifier: classifier, sourceHead: sourceHead, makeBackbone: configuration.makeBackbone,
                initialState: [], seed: 0))
        try TemporaryFolder.use { folder in
            try regularizer.prepare(
                Preparation(
                    backbone: classifier.backbone, weightsDigest: "none", training: samples, validation: nil,
                    group: group, seed: 0, directory: folder, say: { _ in }))
        }
        let step = try TrainingStep(
            classifier,
            groups: TrainingRun.parameterGroups(
                classifier, own: regularizer.ownParameters, backboneFactor: 0.1),
            regularizer: regularizer,
            optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0.0005),
            normalization: .synchronized,
            group: group,
            communication: CommunicationSettings(
                overlap: overlap.strategy, wireFormat: wireFormat, bucketBytes: bucketBytes))
        let seconds = try step.measured(steps, globalBatch: samples.count, group: group) { _ in
            [samples.trainingBatch]
        }
        let bareAllReduces = try (0..<3).map { _ in try step.measureBareAllReduce() }
        let memory = try group.allGather([ProcessMemory.peakBytes]).max() ?? 0
        guard group.rank == 0 else { return }
        let report = BenchmarkReport(
            network: network.rawValue, method: method.rawValue, ranks: group.size,
            threads: ComputeThreads.count,
            localBatch: batch, imageSize: imageSize, peakMemoryBytes: memory, steps: seconds,
            overlap: (step.overlap ?? .none).rawValue, wireFormat: wireFormat.rawValue,
            bareAllReduceSeconds: bareAllReduces.min() ?? 0)
        try report.print(asJSON: json)
    }
}

extension NetworkConfiguration.Name: ExpressibleByArgument {}
extension CommunicationConfiguration.Overlap: ExpressibleByArgument {}
extension WireFormat: ExpressibleByArgument {}
extension MethodName: ExpressibleByArgument {
    /// The method with its default settings; DELTA without its attention, which costs a step nothing but takes
    /// a while to compute.
    func benchmarkSettings(for network: NetworkConfiguration.Name) -> MethodSettings {
        switch self {
        case .fineTune: return .fineTune
        case .l2SP: return .l2SP(L2SPSettings(profile: .tllib))
        case .delta:
            var settings = DELTASettings(stageNames: network.stageNames)
            settings.features = .plain
            return .delta(settings)
        case .lwf: return .lwf(LWFSettings(profile: .tllib))
        case .coTuning: return .coTuning(CoTuningSettings(profile: .tllib))
        case .biTuning: return .biTuning(BiTuningSettings())
        case .bss: return .bss(BSSSettings())
        }
    }
}

/// What a benchmark found; times are medians over its steps, on rank 0.
private struct BenchmarkReport: Encodable {
    let network: String
    let method: String
    let ranks: Int
    let threads: Int
    let localBatch: Int
    let imageSize: Int
    let stepSeconds: Double
    let imagesPerSecond: Double
    let peakMemoryBytes: Int64
    let seconds: StepSeconds
    /// How sums over ranks went on beside the backward pass.
    let overlap: String
    let wireFormat: String
    /// Seconds that the sum of all gradients takes with nothing beside it.
    let bareAllReduceSeconds: Double

    private enum CodingKeys: String, CodingKey {
        case network, method, ranks, threads, seconds, overlap
        case wireFormat = "wire-format"
        case bareAllReduceSeconds = "bare-all-reduce-seconds"
        case localBatch = "local-batch"
        case imageSize = "image-size"
        case stepSeconds = "step-seconds"
        case imagesPerSecond = "images-per-second"
        case peakMemoryBytes = "peak-memory-bytes"
    }

    init(
        network: String, method: String, ranks: Int, threads: Int, localBatch: Int, imageSize: Int,
        peakMemoryBytes: Int64, steps: [StepSeconds], overlap: String, wireFormat: String,
        bareAllReduceSeconds: Double
    ) {
        (self.overlap, self.wireFormat, self.bareAllReduceSeconds) = (
            overlap, wireFormat, bareAllReduceSeconds
        )
        (self.network, self.method, self.ranks, self.threads) = (network, method, ranks, threads)
        (self.localBatch, self.imageSize, self.peakMemoryBytes) = (localBatch, imageSize, peakMemoryBytes)
        stepSeconds = steps.map(\.total).median
        imagesPerSecond = Double(ranks * localBatch) / stepSeconds
        seconds = steps.medians
    }

    func print(asJSON json: Bool) throws {
        guard !json else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            Swift.print(String(decoding: try encoder.encode(self), as: UTF8.self))
            return
        }
        Swift.print(
            String(
                format: """
                    %@, %@, %d ranks of %d threads, batch %d a rank, %d pixels
                    step %.3f s (median), %.2f images a second, peak memory %.0f MiB a rank
                    data %.3f s, forward %.3f s, backward %.3f s, communication %.3f s, optimizer %.3f s
                    overlap strategy: %@, as %@; the bare sum takes %.3f s
                    """, network, method, ranks, threads, localBatch, imageSize, stepSeconds, imagesPerSecond,
                Double(peakMemoryBytes) / 1_048_576, seconds.data, seconds.forward, seconds.backward,
                seconds.communication, seconds.optimizer, overlap, wireFormat, bareAllReduceSeconds))
    }
}
