internal import ProcessGroups
internal import Training

/// Plays a step on a cluster: one rank stands for all, which do the same at the same time.
///
/// The host's link sends one thing after the other, in the order in which they were handed over, so that small messages
/// wait behind buckets. Buckets move on only when a rank advances them: never before the end of the backward pass
/// without overlap, at each complete gradient by polling, and each millisecond by a thread, which takes its time from the
/// computation. All numbers come in; the same ones give the same step.
package struct StepSimulation {
    private let trace: StepTrace
    private let setting: ScaleSetting
    private let costs: CommunicationCosts

    /// For each bucket the bytes that have to be complete, and its stages.
    private var buckets: [(end: Int, stages: [BucketStage])] = []
    /// The bucket of each lane, its stage, and when that is complete.
    private var lanes: [(bucket: Int, stage: Int, done: Double)?]
    private var (ready, begun, completed, readyBytes) = (0, 0, 0, 0)

    /// Now, for the thread that computes.
    private var now = 0.0
    /// When the link has sent all that it was given.
    private var linkFree = 0.0
    /// When the communication thread advances next.
    private var nextAdvance = 0.0
    /// When the first round of an all-reduce that overlaps with work is over, and the rounds after it.
    private var pending: (first: Double, begun: Double, rounds: [Round])?
    private var result = StepPrediction()

    /// A round of an exchange of small messages.
    private struct Round {
        let isRemote: Bool
        let hostBytes: Double
        /// How many such rounds follow one another.
        var count = 1.0
    }

    /// Predicts a step without waiting for images.
    package static func predict(
        _ trace: StepTrace, _ setting: ScaleSetting, _ costs: CommunicationCosts
    ) -> StepPrediction {
        var simulation = StepSimulation(trace, setting, costs)
        return simulation.run()
    }

    /// Seconds of the all-reduce of all gradients with nothing beside it.
    package static func bareAllReduce(
        _ trace: StepTrace, _ setting: ScaleSetting, _ costs: CommunicationCosts
    ) -> Double {
        var simulation = StepSimulation(trace, setting, costs)
        simulation.awaitGradients()
        return simulation.now
    }

    private init(_ trace: StepTrace, _ setting: ScaleSetting, _ costs: CommunicationCosts) {
        (self.trace, self.setting, self.costs) = (trace, setting, costs)
        lanes = Array(repeating: nil, count: costs.laneCount)
        guard setting.rankCount > 1 else { return }
        // The head has buckets of its own.
        let size = max(4, setting.chosenBucketBytes)
        // Most buckets are of one size.
        var known: [Int: [BucketStage]] = [:]
        for part in [0..<trace.headBytes, trace.headBytes..<max(trace.headBytes, trace.gradientBytes)] {
            for start in stride(from: part.lowerBound, to: part.upperBound, by: size) {
                let end = min(start + size, part.upperBound)
                let stages = known[end - start] ?? setting.stages(bucketBytes: end - start, costs)
                known[end - start] = stages
                buckets.append((end, stages))
            }
        }
    }

    private mutating func run() -> StepPrediction {
        for interval in trace.intervals {
            compute(interval.seconds)
            result.computing += interval.seconds
            let before = now
            switch interval.event {
            case .sum(let bytes): exchange(sumRounds(bytes))
            case .sumBegun(let bytes): beginSum(bytes)
            case .sumAwaited: awaitSum()
            case .gather(let bytes): exchange(gatherRounds(bytes))
            case .broadcast(let bytes): exchange(rounds(bytes, ranksThatSend: 1))
            case .ready(let bytes): complete(bytes)
            case .gradientsAwaited: awaitGradients()
            case .end: break
            }
            switch interval.event {
            case .gradientsAwaited: result.gradients += now - before
            case .ready: result.advances += now - before
            default: result.statistics += now - before
            }
        }
        result.stragglers = ExpectedMaximum.ofNormals(setting.rankCount) * trace.deviation
        return result
    }

    // MARK: Computing

    private var isThreadBusy: Bool { setting.overlap == .thread && completed < ready }

    /// Computes for so many seconds, from which the communication thread takes some.
    private mutating func compute(_ seconds: Double) {
        var left = seconds
        while isThreadBusy, nextAdvance < now + left {
            left -= max(0, nextAdvance - now)
            now = max(now, nextAdvance)
            let idle = min(idleAdvances(from: now), (left / costs.pauseSeconds).rounded(.down))
            if idle > 0 {
                result.advances += idle * costs.wakeSeconds
                left -= idle * costs.pauseSeconds
                now += idle * (costs.pauseSeconds + costs.wakeSeconds)
            }
            let cost = costs.wakeSeconds + advance(at: now)
            result.advances += cost
            now += cost
            nextAdvance = now + costs.pauseSeconds
        }
        now += left
    }

    /// How often the communication thread wakes from a moment on without anything to do.
    private func idleAdvances(from start: Double) -> Double {
        if begun < ready, lanes[begun % lanes.count] == nil { return 0 }
        let next = lanes.compactMap { $0?.done }.min() ?? start
        return max(0, ((next - start) / (costs.pauseSeconds + costs.wakeSeconds)).rounded(.up))
    }

    /// Waits for a moment, while the communication thread goes on.
    private mutating func wait(until end: Double) {
        while isThreadBusy, nextAdvance < end {
            let period = costs.pauseSeconds + costs.wakeSeconds
            let idle = min(
                idleAdvances(from: nextAdvance), ((end - nextAdvance) / period).rounded(.up))
            nextAdvance += idle * period
            guard nextAdvance < end else { break }
            nextAdvance += costs.wakeSeconds + advance(at: nextAdvance) + costs.pauseSeconds
        }
        now = max(now, end)
    }

    // MARK: Gradients

    private mutating func complete(_ bytes: Int) {
        let wasBusy = isThreadBusy
        readyBytes += bytes
        while ready < buckets.count, buckets[ready].end <= readyBytes { ready += 1 }
        switch setting.overlap {
        case .none: break
        case .polling: now += advance(at: now)
        // It was asleep, and is woken at once.
        case .thread: if !wasBusy, isThreadBusy { nextAdvance = now }
        }
    }

    /// All-reduces what is left, advancing all the time.
    private mutating func awaitGradients() {
        ready = buckets.count
        while completed < ready {
            let before = (begun, completed)
            let cost = advance(at: now)
            now += cost
            guard cost == 0, before == (begun, completed) else { continue }
            let next = lanes.compactMap { $0?.done }.min() ?? now
            // A stage without any duration has moved on without cost.
            now = max(now.nextUp, next)
        }
    }

    /// Moves every lane on whose stage is complete, and begins buckets.
    ///
    /// - Returns: Seconds of the processor.
    private mutating func advance(at start: Double) -> Double {
        var time = start
        for index in lanes.indices {
            guard let lane = lanes[index], lane.done <= time else { continue }
            enter(lane.bucket, stage: lane.stage + 1, lane: index, at: &time)
        }
        while begun < ready, lanes[begun % lanes.count] == nil {
            enter(begun, stage: 0, lane: begun % lanes.count, at: &time)
            begun += 1
        }
        return time - start
    }

    private mutating func enter(_ bucket: Int, stage: Int, lane: Int, at time: inout Double) {
        let stages = buckets[bucket].stages
        guard stage < stages.count else {
            lanes[lane] = nil
            completed += 1
            return
        }
        let next = stages[stage]
        time += next.processor
        var done = time
        if next.linkBytes > 0 { done = send(next.linkBytes, from: time) }
        done += next.latency
        guard done > time else { return enter(bucket, stage: stage + 1, lane: lane, at: &time) }
        lanes[lane] = (bucket, stage, done)
    }

    /// Hands bytes to the link.
    ///
    /// - Returns: When they have been sent.
    private mutating func send(_ bytes: Double, from start: Double) -> Double {
        let seconds = setting.linkSeconds(bytes, costs)
        guard seconds > 0 else { return start }
        linkFree = max(start, linkFree) + seconds
        return linkFree
    }

    // MARK: Small messages

    /// Rounds in which the ranks that know double: those within hosts and those between.
    private func rounds(_ bytes: Int, ranksThatSend: Int) -> [Round] {
        let local = Round(isRemote: false, hostBytes: Double(bytes))
        let remote = Round(isRemote: true, hostBytes: Double(bytes * ranksThatSend))
        return Array(repeating: local, count: ScaleSetting.rounds(setting.ranks))
            + Array(repeating: remote, count: ScaleSetting.rounds(setting.hosts))
    }

    /// `MPI_Allreduce` of a few values, by recursive doubling: every rank sends in every round.
    private func sumRounds(_ bytes: Int) -> [Round] {
        let rounds = rounds(bytes, ranksThatSend: setting.ranks)
        // Where ranks are no power of 2, those that are too many give theirs to others and get the sum from them.
        let isWhole = setting.rankCount & (setting.rankCount - 1) == 0
        guard !isWhole, let last = rounds.last else { return rounds }
        return [last] + rounds + [last]
    }

    /// `MPI_Iallreduce` in place: a sum to one rank along a tree, and back.
    private func treeRounds(_ bytes: Int) -> [Round] {
        let up = rounds(bytes, ranksThatSend: 1)
        return up + up.reversed()
    }

    /// `MPI_Allgatherv`: values that are few in all by doubling, others from neighbour to neighbour, two ranks' at a time,
    /// behind an all-gather of how many there are.
    private func gatherRounds(_ bytes: Int) -> [Round] {
        let counts = rounds(8, ranksThatSend: setting.ranks)
        let total = bytes * setting.rankCount
        guard total >= 50_000, setting.rankCount > 2 else {
            let own = rounds(bytes, ranksThatSend: setting.ranks)
            return counts + own
        }
        return counts + [
            Round(
                isRemote: setting.hosts > 1, hostBytes: Double(2 * bytes),
                count: Double(setting.rankCount / 2))
        ]
    }

    private mutating func exchange(_ rounds: [Round]) {
        for round in rounds { wait(until: end(of: round)) }
    }

    /// When a round that begins now is over.
    private mutating func end(of round: Round) -> Double {
        guard round.isRemote else {
            let copying = round.hostBytes * costs.copySeconds(ranks: setting.ranks)
            return now + round.count * (costs.localLatency + copying)
        }
        return send(round.count * round.hostBytes, from: now) + round.count * costs.networkLatency
    }

    private mutating func beginSum(_ bytes: Int) {
        let rounds = treeRounds(bytes)
        guard let first = rounds.first else { return }
        pending = (end(of: first), now, Array(rounds.dropFirst()))
    }

    private mutating func awaitSum() {
        guard let begun = pending else { return }
        pending = nil
        wait(until: begun.first)
        // The communication thread moves every exchange on when it advances.
        let covered = isThreadBusy ? Int((now - begun.begun) / costs.pauseSeconds) : 0
        exchange(Array(begun.rounds.dropFirst(covered)))
    }
}
