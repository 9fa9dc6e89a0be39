import ArgumentParser
import Hosts
import ProcessGroups
import Runs
import Tensors
import Training

/// `ballast benchmark`: how long a training step takes here, with this network and method.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark", abstract: "Measure the time and memory of a training step.",
        discussion: """
            On random images and weights: it needs no files.

            Examples:
              ballast benchmark --network resnet18 --batch 8
              launch/local.sh -n 2 -- ballast benchmark --network resnet50 --method delta
              launch/local.sh -n 2 -- ballast benchmark --precision bfloat16 --json
            """)

    @Option(help: "\(NetworkConfiguration.Name.allCases.map(\.rawValue).joined(separator: " | ")).")
    var network: NetworkConfiguration.Name = .resnet50

    @Option(help: "\(MethodName.allCases.map(\.rawValue).joined(separator: " | ")).")
    var method: MethodName = .fineTune

    @Option(help: "What feature maps are rounded to: float32 | bfloat16.")
    var precision = ElementType.float32

    @Option(help: "What the backward pass computes again to save memory: none | stages.")
    var recompute = Recomputation.none

    @Option(help: "Samples a rank.")
    var batch = 8

    @Option(help: "Rows and columns of an image.")
    var imageSize = 224

    @Option(help: "Steps that are measured, after two that are not.")
    var steps = 5

    @Option(
        help:
            "How the all-reduce of gradients overlaps with the backward pass: auto | none | polling | thread."
    )
    var overlap = CommunicationConfiguration.Overlap.auto

    @Option(help: "Between whom gradients travel: auto | flat | two-level.")
    var topology = AllReduceTopology.auto

    @Option(help: "How gradients travel: float32 | bfloat16.")
    var wireFormat = WireFormat.float32

    @Option(
        help:
            "Bytes of gradients in an all-reduce; by the number of ranks, or in two levels of hosts, if absent."
    )
    var bucketBytes: Int?

    @OptionGroup var profiling: ProfileOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
        for (option, value, range) in [
            ("--batch", batch, 1...65536), ("--image-size", imageSize, 32...16384),
            ("--steps", steps, 1...100_000),
            ("--bucket-bytes", bucketBytes ?? 4096, 4096...1 << 30),
        ] where !range.contains(value) {
            throw ValidationError(
                "\(option) is \(value); expected a whole number, at least \(range.lowerBound) and at most \(range.upperBound)"
            )
        }
    }

    func run() throws {
        var configuration = NetworkConfiguration(name: network)
        (configuration.precision, configuration.recomputation) = (precision, recompute)
        let benchmark = Benchmark(
            network: configuration, method: method, batch: batch,
            imageSize: imageSize, stepCount: steps,
            communication: CommunicationConfiguration(
                overlap: overlap, topology: topology, wireFormat: wireFormat,
                bucketBytes: bucketBytes))
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            let report = try benchmark.run(profile: profiling.profile, group)
            try group.coordinate { () throws -> Void in
                try StandardOutput.print(json ? report.json() : report.text)
            }
        }
    }
}

extension NetworkConfiguration.Name: ExpressibleByArgument {}
extension CommunicationConfiguration.Overlap: ExpressibleByArgument {}
extension AllReduceTopology: ExpressibleByArgument {}

extension WireFormat: ExpressibleByArgument {}
extension ElementType: ExpressibleByArgument {}
extension Recomputation: ExpressibleByArgument {}
extension MethodName: ExpressibleByArgument {}
