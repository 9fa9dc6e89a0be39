internal import Foundation
internal import Training

/// What a benchmark found; times are medians over its steps, on one rank.
package struct BenchmarkReport: Encodable {
    let network: String
    let method: String
    /// What feature maps held.
    let precision: String
    let ranks: Int
    let threads: Int
    let localBatch: Int
    let imageSize: Int
    let stepSeconds: Double
    let imagesPerSecond: Double
    /// The most that a rank held.
    let peakMemoryBytes: Int64
    let seconds: StepSeconds
    /// How the all-reduces overlapped with the backward pass.
    let overlap: String
    let wireFormat: String
    /// Seconds that the all-reduce of all gradients takes with nothing beside it.
    let bareAllReduceSeconds: Double

    private enum CodingKeys: String, CodingKey {
        case network, method, precision, ranks, threads, seconds, overlap
        case wireFormat = "wire-format"
        case bareAllReduceSeconds = "bare-all-reduce-seconds"
        case localBatch = "local-batch"
        case imageSize = "image-size"
        case stepSeconds = "step-seconds"
        case imagesPerSecond = "images-per-second"
        case peakMemoryBytes = "peak-memory-bytes"
    }

    init(
        _ benchmark: Benchmark, ranks: Int, threads: Int, peakMemoryBytes: Int64, steps: [StepSeconds],
        overlap: OverlapStrategy, bareAllReduceSeconds: Double
    ) {
        (network, method) = (benchmark.network.name.rawValue, benchmark.method.rawValue)
        precision = benchmark.network.precision.rawValue
        (localBatch, imageSize) = (benchmark.batch, benchmark.imageSize)
        wireFormat = benchmark.communication.wireFormat.rawValue
        (self.ranks, self.threads, self.overlap) = (ranks, threads, overlap.rawValue)
        (self.peakMemoryBytes, self.bareAllReduceSeconds) = (peakMemoryBytes, bareAllReduceSeconds)
        stepSeconds = steps.map(\.total).median
        imagesPerSecond = Double(ranks * localBatch) / stepSeconds
        seconds = steps.medians
    }

    /// One JSON object.
    package func json() throws -> String { try JSONText.of(self) }

    /// For a person.
    package var text: String {
        String(
            format: """
                %@, %@, %@, %d ranks of %d threads, batch %d a rank, %d pixels
                step %.3f s (median), %.2f images a second, peak memory %.0f MiB a rank
                data %.3f s, forward %.3f s, backward %.3f s, communication %.3f s, optimizer %.3f s
                overlap strategy: %@, as %@; the bare all-reduce takes %.3f s
                """, network, method, precision, ranks, threads, localBatch, imageSize, stepSeconds,
            imagesPerSecond,
            Double(peakMemoryBytes) / 1_048_576, seconds.data, seconds.forward, seconds.backward,
            seconds.communication, seconds.optimizer, overlap, wireFormat, bareAllReduceSeconds)
    }
}
