internal import ProcessGroups

/// Writes down what a step of a `MirroredGroup` computes, and where it calls the group.
final class StepRecorder {
    private var events: [StepTrace.Event] = []
    private var seconds: [Double] = []
    private var steps: [[Double]] = []
    private var since = ContinuousClock.now
    private var isRecording = false

    /// Is told what the group is asked for.
    init(_ group: MirroredGroup) {
        group.observer = (
            before: { [weak self] call in self?.note(StepTrace.Event(call)) },
            after: { [weak self] in self?.since = .now }
        )
    }

    /// Records a step.
    func record(_ step: () throws -> Void) rethrows {
        (events, seconds, isRecording) = ([], [], true)
        defer { isRecording = false }
        since = .now
        try step()
        note(.end)
        steps.append(seconds)
    }

    private func note(_ event: StepTrace.Event) {
        guard isRecording else { return }
        seconds.append(since.secondsUntilNow)
        events.append(event)
        since = .now
    }

    /// The events of the last step, and the seconds before each of them in every step that had as many.
    var recorded: (events: [StepTrace.Event], steps: [[Double]]) {
        (events, steps.filter { $0.count == events.count })
    }
}

extension StepTrace.Event {
    init(_ call: MirroredCall) {
        switch call {
        case .sum(let bytes): self = .sum(bytes: bytes)
        case .sumBegun(let bytes): self = .sumBegun(bytes: bytes)
        case .sumAwaited: self = .sumAwaited
        case .gather(let bytes): self = .gather(bytes: bytes)
        case .broadcast(let bytes): self = .broadcast(bytes: bytes)
        case .began(let bytes): self = .ready(bytes: bytes)
        case .awaited: self = .gradientsAwaited
        }
    }
}

extension StepTrace {
    /// The medians of several steps, and how much they differ.
    ///
    /// - Parameters:
    ///   - events: What ends each interval.
    ///   - steps: Seconds of each interval, in each step; at least one.
    package init(
        localBatch: Int, microBatches: Int, headBytes: Int, events: [Event], steps: [[Double]]
    ) {
        var intervals: [Interval] = []
        var joined = [Double](repeating: 0, count: steps.count)
        for (index, event) in events.enumerated() {
            for step in steps.indices { joined[step] += steps[step][index] }
            var interval = Interval(seconds: steps.map { $0[index] }.median, event: event)
            if event.joinsRanks || event == .end {
                interval.deviation = joined.deviation
                joined = joined.map { _ in 0 }
            }
            intervals.append(interval)
        }
        self.init(
            localBatch: localBatch, microBatches: microBatches, headBytes: headBytes, intervals: intervals)
    }
}

extension [Double] {
    /// The standard deviation of a normal distribution with this median absolute deviation: a few numbers that lie far
    /// away, as when the system had something else to do, count no more than others.
    fileprivate var deviation: Double {
        let middle = median
        return 1.4826 * Self.smallSampleFactor(count) * map { abs($0 - middle) }.median
    }

    /// What makes the deviation of few numbers that of many, on average.
    ///
    /// Croux and Rousseeuw, Time-efficient algorithms for two highly robust estimators of scale, COMPSTAT 1992.
    private static func smallSampleFactor(_ count: Int) -> Double {
        let factors = [1, 1, 1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107]
        return count < factors.count ? factors[count] : Double(count) / (Double(count) - 0.8)
    }
}
