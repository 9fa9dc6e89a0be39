/// Seconds of a step by what they were spent on. Nested measurements count once, for the inner part.
final class Stopwatch {
    typealias Part = StepSeconds.Part

    /// Where steps that are recorded leave their parts; nil without a profile.
    let events: ProfileEvents?
    private let clock = ContinuousClock()
    private var seconds = StepSeconds.zero
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
            seconds[part] += elapsed - inner
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
        defer { seconds = .zero }
        return seconds
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

    /// What time is spent on.
    package enum Part: String, CaseIterable, Sendable {
        case data, forward, backward, communication, optimizer

        fileprivate var path: WritableKeyPath<StepSeconds, Double> {
            switch self {
            case .data: \.data
            case .forward: \.forward
            case .backward: \.backward
            case .communication: \.communication
            case .optimizer: \.optimizer
            }
        }
    }

    /// The seconds of one part.
    package subscript(part: Part) -> Double {
        get { self[keyPath: part.path] }
        set { self[keyPath: part.path] = newValue }
    }

    package static let zero = StepSeconds(
        data: 0, forward: 0, backward: 0, communication: 0, optimizer: 0)
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
