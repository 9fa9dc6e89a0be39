/// What a step of one rank computes between its messages, as it was measured where no message had to be waited for.
///
/// A step is a list of intervals: so many seconds of computing, and then an event.
package struct StepTrace: Codable, Sendable, Equatable {
    /// What ends an interval.
    package enum Event: Codable, Sendable, Equatable {
        /// An all-reduce of so many bytes over all ranks, which is waited for: statistics, totals.
        case sum(bytes: Int)
        /// Such an all-reduce begins, and the interval that follows overlaps with it.
        case sumBegun(bytes: Int)
        /// It is waited for.
        case sumAwaited
        /// An all-gather of so many bytes a rank.
        case gather(bytes: Int)
        /// A broadcast of so many bytes.
        case broadcast(bytes: Int)
        /// So many bytes of gradients more are complete, in the order of the buffer.
        case ready(bytes: Int)
        /// The all-reduce of all gradients is waited for.
        case gradientsAwaited
        /// The step is over.
        case end

        /// Whether ranks wait for each other here.
        package var joinsRanks: Bool {
            switch self {
            case .sum, .sumAwaited, .gather, .broadcast, .gradientsAwaited: true
            case .sumBegun, .ready, .end: false
            }
        }
    }

    /// Computing, and what ends it.
    package struct Interval: Codable, Sendable, Equatable {
        /// Seconds of computing before the event.
        package var seconds: Double
        /// The standard deviation, between steps and between ranks, of the computing since ranks last waited for each
        /// other; 0 where they do not wait for each other here.
        package var deviation: Double
        package var event: Event

        package init(seconds: Double, deviation: Double = 0, event: Event) {
            (self.seconds, self.deviation, self.event) = (seconds, deviation, event)
        }
    }

    /// Samples of a micro-batch on a rank.
    package var localBatch: Int
    /// Micro-batches of a step.
    package var microBatches: Int
    /// Bytes of the gradients of the new head, which come first and have buckets of their own.
    package var headBytes: Int
    package var intervals: [Interval]

    private enum CodingKeys: String, CodingKey {
        case intervals
        case localBatch = "local-batch"
        case microBatches = "micro-batches"
        case headBytes = "head-bytes"
    }

    package init(localBatch: Int, microBatches: Int = 1, headBytes: Int = 0, intervals: [Interval]) {
        (self.localBatch, self.microBatches) = (localBatch, microBatches)
        (self.headBytes, self.intervals) = (headBytes, intervals)
    }

    /// Seconds of computing of a step.
    package var seconds: Double { intervals.reduce(0) { $0 + $1.seconds } }

    /// The sum of all deviations.
    package var deviation: Double { intervals.reduce(0) { $0 + $1.deviation } }

    /// Bytes of all gradients, of 32 bits.
    package var gradientBytes: Int {
        intervals.reduce(0) { sum, interval in
            if case .ready(let bytes) = interval.event { sum + bytes } else { sum }
        }
    }

    /// Samples of a rank in a step.
    package var samples: Int { localBatch * microBatches }

    /// The same step with every time multiplied.
    package func scaled(by factor: Double) -> StepTrace {
        var trace = self
        for index in intervals.indices {
            trace.intervals[index].seconds *= factor
            trace.intervals[index].deviation *= factor
        }
        return trace
    }

    /// A gradient that is complete so soon after the one before counts as complete with it.
    private static let together = 20e-6

    /// The same step with fewer events: gradients that are complete at about the same time are one.
    package var joined: StepTrace {
        var trace = self
        trace.intervals = []
        for var interval in intervals {
            if case .ready(let more) = interval.event, let last = trace.intervals.last,
                case .ready(let bytes) = last.event, interval.seconds < Self.together
            {
                interval.seconds += last.seconds
                interval.event = .ready(bytes: bytes + more)
                trace.intervals.removeLast()
            }
            trace.intervals.append(interval)
        }
        return trace
    }

    /// The same step with statistics of each rank's own samples: ranks do not wait for each other there, so that what
    /// differs between them adds up in squares.
    package var withLocalStatistics: StepTrace {
        var trace = self
        trace.intervals = []
        var (seconds, variance, isBackward) = (0.0, 0.0, true)
        for var interval in intervals {
            seconds += interval.seconds
            variance += interval.deviation * interval.deviation
            switch interval.event {
            case .sum, .sumBegun, .sumAwaited: if isBackward { continue }
            case .gradientsAwaited: isBackward = false
            case .gather, .broadcast, .ready, .end: break
            }
            (interval.seconds, interval.deviation) = (seconds, 0)
            if interval.event.joinsRanks || interval.event == .end {
                (interval.deviation, variance) = (variance.squareRoot(), 0)
            }
            seconds = 0
            trace.intervals.append(interval)
        }
        return trace
    }

    /// The step with another local batch b, from two measured ones: times are linear in b,
    /// `t(b) = t₁ + (t₂ − t₁)(b − b₁) / (b₂ − b₁)`, and so are the bytes of all-gathers.
    ///
    /// - Returns: Nil where the two are not of the same kind: other events, or the same local batch.
    package func interpolated(with other: StepTrace, localBatch: Int) -> StepTrace? {
        guard intervals.count == other.intervals.count, self.localBatch != other.localBatch else {
            return nil
        }
        let share = Double(localBatch - self.localBatch) / Double(other.localBatch - self.localBatch)
        func mixed(_ first: Double, _ second: Double) -> Double { max(0, first + (second - first) * share) }
        var trace = self
        trace.localBatch = localBatch
        for (index, (first, second)) in zip(intervals, other.intervals).enumerated() {
            trace.intervals[index].seconds = mixed(first.seconds, second.seconds)
            trace.intervals[index].deviation = mixed(first.deviation, second.deviation)
            switch (first.event, second.event) {
            case (.gather(let few), .gather(let many)):
                let bytes = Int(mixed(Double(few), Double(many)).rounded())
                trace.intervals[index].event = .gather(bytes: bytes)
            case (let one, let two): guard one == two else { return nil }
            }
        }
        return trace
    }
}
