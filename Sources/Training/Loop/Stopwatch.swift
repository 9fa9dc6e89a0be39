/// Seconds of a step by what they were spent on. Nested measurements count once, for the inner part.
final class Stopwatch {
    /// What time is spent on.
    enum Part: Int, CaseIterable {
        case data, forward, backward, communication, optimizer
    }

    /// Where steps that are recorded leave their parts; nil without a profile.
    let events: ProfileEvents?
    private let clock = ContinuousClock()
    private var seconds = [Double](repeating: 0, count: Part.allCases.count)
    private var inner = 0.0

    init(events: ProfileEvents? = nil) { self.events = events }

    /// Runs `work` and adds its duration, less that of measurements within it, to `part`.
    ///
    /// - Parameters:
    ///   - part: What time is spent on.
    ///   - name: What it is called in a profile; the part's name if nil.
    ///   - work: What takes the time.
    func measure<Result>(
        _ part: Part, named name: StaticString? = nil, _ work: () throws -> Result
    ) rethrows -> Result {
        let outerInner = inner
        inner = 0
        let start = clock.now
        defer {
            let end = clock.now
            let elapsed = (end - start).seconds
            seconds[part.rawValue] += elapsed - inner
            inner = outerInner + elapsed
            if let events, events.isRecording {
                events.add(
                    name.map { "\($0)" } ?? "\(part)", part == .communication ? .communication : .part,
                    on: .training, from: start, to: end)
            }
        }
        return try work()
    }

    /// The seconds so far; counting starts again from zero.
    func lap() -> StepSeconds {
        defer { seconds = seconds.map { _ in 0 } }
        return StepSeconds(
            data: seconds[Part.data.rawValue], forward: seconds[Part.forward.rawValue],
            backward: seconds[Part.backward.rawValue],
            communication: seconds[Part.communication.rawValue],
            optimizer: seconds[Part.optimizer.rawValue])
    }
}

/// Seconds that a step of this rank took, by part.
public struct StepSeconds: Codable, Sendable, Equatable {
    /// Waiting for images.
    public var data: Double
    /// Computing the objective.
    public var forward: Double
    /// Computing gradients, without communication.
    public var backward: Double
    /// All-reduces of gradients, totals and statistics of batch normalization, and waiting for other ranks.
    public var communication: Double
    /// Moving the parameters.
    public var optimizer: Double

    /// Seconds from their parts.
    public init(data: Double, forward: Double, backward: Double, communication: Double, optimizer: Double) {
        (self.data, self.forward, self.backward) = (data, forward, backward)
        (self.communication, self.optimizer) = (communication, optimizer)
    }

    /// All parts together.
    public var total: Double { data + forward + backward + communication + optimizer }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
