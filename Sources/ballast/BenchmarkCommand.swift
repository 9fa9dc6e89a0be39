import ArgumentParser
import Foundation
import ImageData
import Layers
import ProcessGroups
import Regularizers
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

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard batch >= 1, steps >= 1, imageSize >= 32 else {
            throw ValidationError("--batch and --steps are at least 1, --image-size at least 32")
        }
    }

    /// Steps before the measured ones: they compile primitives and fill the pool of memory.
    private static let warmUpSteps = 2
    private static let classCount = 10

    func run() throws { try Ballast.runOnAllRanks(measure) }

    private func measure(_ group: any ProcessGroup) throws {
        let backbone = NetworkConfiguration(name: network).makeBackbone()
        let classifier = Classifier(backbone: backbone, classCount: Self.classCount)
        backbone.initialize(seed: 0)
        classifier.head.initialize(seed: 0)
        let step = TrainingStep(
            classifier,
            groups: [
                ParameterGroup(
                    name: "backbone", part: .backbone, rateFactor: 0.1, parameters: backbone.parameters),
                ParameterGroup(
                    name: "head", part: .head, rateFactor: 1, parameters: classifier.head.parameters),
            ], regularizer: method.defaultSettings.makeRegularizer(for: classifier),
            optimizer: SGD(momentum: 0.9, isNesterov: true, weightDecay: 0.0005),
            normalization: .synchronized,
            group: group)
        let batch = syntheticBatch(rank: group.rank)
        var seconds: [StepSeconds] = []
        for index in 0..<Self.warmUpSteps + steps {
            try group.barrier()
            let measured = try step.measured([batch], globalBatch: self.batch * group.size, rate: 0.001)
            if index >= Self.warmUpSteps { seconds.append(measured) }
        }
        let memory = try group.gather([Self.peakMemoryBytes]).max() ?? 0
        guard group.rank == 0 else { return }
        let report = BenchmarkReport(
            network: network.rawValue, method: method.rawValue, ranks: group.size,
            threads: ComputeThreads.count,
            localBatch: self.batch, imageSize: imageSize, peakMemoryBytes: memory, steps: seconds)
        try report.print(asJSON: json)
    }

    private func syntheticBatch(rank: Int) -> Batch {
        var random = KeyedRandom(seed: 0, purpose: .augmentation, rank)
        let shape: Shape = [batch, 3, imageSize, imageSize]
        let images = Tensor(shape, (0..<shape.count).map { _ in random.uniform(in: -1..<1) })
        return Batch(
            images: images, labels: (0..<batch).map { $0 % Self.classCount }, indices: Array(0..<batch),
            positions: Array(0..<batch))
    }

    /// The most memory that this process ever held, as the system counts it.
    private static var peakMemoryBytes: Int64 {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) } ?? 0) * 1024
    }
}

extension NetworkConfiguration.Name: ExpressibleByArgument {}
extension MethodName: ExpressibleByArgument {
    /// The method with its default settings.
    var defaultSettings: MethodSettings {
        switch self {
        case .fineTune: .fineTune
        case .l2SP: .l2SP(L2SPSettings(profile: .tllib))
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

    private enum CodingKeys: String, CodingKey {
        case network, method, ranks, threads, seconds
        case localBatch = "local-batch"
        case imageSize = "image-size"
        case stepSeconds = "step-seconds"
        case imagesPerSecond = "images-per-second"
        case peakMemoryBytes = "peak-memory-bytes"
    }

    init(
        network: String, method: String, ranks: Int, threads: Int, localBatch: Int, imageSize: Int,
        peakMemoryBytes: Int64, steps: [StepSeconds]
    ) {
        (self.network, self.method, self.ranks, self.threads) = (network, method, ranks, threads)
        (self.localBatch, self.imageSize, self.peakMemoryBytes) = (localBatch, imageSize, peakMemoryBytes)
        func median(_ part: (StepSeconds) -> Double) -> Double {
            let sorted = steps.map(part).sorted()
            return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        stepSeconds = median(\.total)
        imagesPerSecond = Double(ranks * localBatch) / stepSeconds
        seconds = StepSeconds(
            data: median(\.data), forward: median(\.forward), backward: median(\.backward),
            communication: median(\.communication), optimizer: median(\.optimizer))
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
                    """, network, method, ranks, threads, localBatch, imageSize, stepSeconds, imagesPerSecond,
                Double(peakMemoryBytes) / 1_048_576, seconds.data, seconds.forward, seconds.backward,
                seconds.communication, seconds.optimizer))
    }
}
