/// Where the seconds of a predicted step go.
package struct StepPrediction: Codable, Sendable, Equatable {
    /// Forward and backward pass and optimizer.
    package var computing = 0.0
    /// Waiting for the small messages that computing cannot go on without: statistics of batch normalization, gathered
    /// features, totals.
    package var statistics = 0.0
    /// Waiting for the all-reduce of gradients after the backward pass.
    package var gradients = 0.0
    /// What the advances of all-reduces take from computing.
    package var advances = 0.0
    /// Waiting for the slowest of all ranks.
    package var stragglers = 0.0
    /// Waiting for images, where reading takes longer than all else.
    package var data = 0.0

    package init() {}

    /// The whole step.
    package var seconds: Double { computing + statistics + gradients + advances + stragglers + data }

    /// What takes most of the step besides computing; nil where nothing takes any time.
    package var limit: String? { losses.first?.name }

    /// What takes time of the step besides computing, the longest first.
    package var losses: [(name: String, seconds: Double)] {
        let parts = [
            ("messages of batch normalization and method", statistics),
            ("the all-reduce of gradients after the backward pass", gradients),
            ("the processor time of all-reduces", advances), ("the slowest rank", stragglers),
            ("reading images", data),
        ]
        return parts.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
    }
}
