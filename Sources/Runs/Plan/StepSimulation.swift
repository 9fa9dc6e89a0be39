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

    /// For each bucket the bytes that have to be complete, and its kind.
    private var buckets: [(end: Int, kind: Int)] = []
    /// The stages of each kind: most buckets are of one size.
    private var kinds: [[BucketStage]] = []
    private var lanes: [Lane]
    private var (ready, begun, completed, readyBytes) = (0, 0, 0, 0)

    /// Now, for the thread that computes.
    private var now = 0.0
    /// When the link has sent all that it was given.
    private var linkFree = 0.0
    /// When the communication thread advances next.
    private var nextAdvance = 0.0
    /// When the first round of an all-reduce that overlaps with work is over, and the rounds after it.
    private var pending: (first: Double, begun: Double, rounds: [Rounds])?
    private var result = StepPrediction()
    /// What advances took of computing, each time from where ranks wait for each other to where they do next.
    private var advances: [Double] = []

    /// What all-reduces buckets one after the other.
    private struct Lane {
        var bucket = -1
        var stage = 0
        /// When the stage is complete; never where nothing is under way.
        var done = Double.infinity

        var isBusy: Bool { bucket >= 0 }
    }

    /// Rounds of an exchange of small messages that follow one another.
    private struct Rounds {
        let isRemote: Bool
        let hostBytes: Double
        var count: Int
        /// Rounds that are handed over together, of this many.
        var together = 1.0
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
        lanes = Array(repeating: Lane(), count: costs.laneCount)
        guard setting.rankCount > 1 else { return }
        // The head has buckets of its own.
        let size = max(4, setting.chosenBucketBytes)
        var known: [Int: Int] = [:]
        for part in [0..<trace.headBytes, trace.headBytes..<max(trace.headBytes, trace.gradientBytes)] {
            for start in stride(from: part.lowerBound, to: part.upperBound, by: size) {
                let end = min(start + size, part.upperBound)
                if known[end - start] == nil {
                    known[end - start] = kinds.count
                    kinds.append(setting.stages(bucketBytes: end - start, costs))
                }
                buckets.append((end, known[end - start] ?? 0))
            }
        }
    }

    private mutating func run() -> StepPrediction {
        var noted = 0.0
        for interval in trace.intervals {
            compute(interval.seconds)
            result.computing += interval.seconds
            let before = now
            switch interval.event {
            case .sum(let bytes): exchange(sumRounds(bytes))
            case .sumBegun(let bytes): beginSum(bytes)
            case .sumAwaited: awaitSum()
            case .gather(let bytes): exchange(gatherRounds(bytes))
            case .broadcast(let bytes): exchange(flatRounds(bytes, ranksThatSend: 1))
            case .ready(let bytes): complete(bytes)
            case .gradientsAwaited: awaitGradients()
            case .end: break
            }
            switch interval.event {
            case .gradientsAwaited: result.gradients += now - before
            case .ready: result.advances += now - before
            default: result.statistics += now - before
            }
            if interval.event.joinsRanks {
                advances.append(result.advances - noted)
                noted = result.advances
            }
        }
        result.stragglers = ExpectedMaximum.ofNormals(setting.rankCount) * trace.deviation
        // The other strategies advance at the same places on every rank.
        if setting.overlap == .thread { result.stragglers += spread }
        return result
    }

    /// Waiting because the threads of ranks advance at other moments: a rank has in an interval what this one has there or
    /// in the one before or behind it, at random.
    private var spread: Double {
        advances.indices.reduce(0) { total, index in
            let near = advances[max(0, index - 1)...min(advances.count - 1, index + 1)]
            let expected = ExpectedMaximum.ofDraws(setting.rankCount, from: Array(near))
            return total + expected - near.reduce(0, +) / Double(near.count)
        }
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

    /// When a stage is complete next; never where nothing is under way.
    private var nextDone: Double {
        var next = Double.infinity
        for lane in lanes where lane.done < next { next = lane.done }
        return next
    }

    /// How often the communication thread wakes from a moment on without anything to do.
    private func idleAdvances(from start: Double) -> Double {
        if begun < ready, !lanes[begun % lanes.count].isBusy { return 0 }
        let next = nextDone
        guard next < .infinity else { return 0 }
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
            let next = nextDone
            // A stage without any duration has moved on without cost.
            now = max(now.nextUp, next < .infinity ? next : now)
        }
    }

    /// Moves every lane on whose stage is complete, and begins buckets.
    ///
    /// - Returns: Seconds of the processor.
    private mutating func advance(at start: Double) -> Double {
        var time = start
        for index in lanes.indices where lanes[index].done <= time {
            enter(lanes[index].bucket, stage: lanes[index].stage + 1, lane: index, at: &time)
        }
        while begun < ready, !lanes[begun % lanes.count].isBusy {
            enter(begun, stage: 0, lane: begun % lanes.count, at: &time)
            begun += 1
        }
        return time - start
    }

    private mutating func enter(_ bucket: Int, stage: Int, lane: Int, at time: inout Double) {
        let kind = buckets[bucket].kind
        for stage in stage..<max(stage, kinds[kind].count) {
            let next = kinds[kind][stage]
            time += next.processor
            var done = time
            if next.linkBytes > 0 { done = send(next.linkBytes, from: time) }
            done += next.latency
            // A stage that only takes the processor is complete at once.
            guard done <= time else {
                lanes[lane] = Lane(bucket: bucket, stage: stage, done: done)
                return
            }
        }
        lanes[lane] = Lane()
        completed += 1
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
    private func flatRounds(_ bytes: Int, ranksThatSend: Int) -> [Rounds] {
        [
            Rounds(
                isRemote: false, hostBytes: Double(bytes), count: ScaleSetting.rounds(setting.ranks)),
            Rounds(
                isRemote: true, hostBytes: Double(bytes * ranksThatSend),
                count: ScaleSetting.rounds(setting.hosts)),
        ].filter { $0.count > 0 }
    }

    /// `MPI_Allreduce` of a few values, by recursive doubling: every rank sends in every round. In two levels a host
    /// sends them once in a round, between two barriers of its ranks.
    private func sumRounds(_ bytes: Int) -> [Rounds] {
        guard setting.isTwoLevel else { return doubling(flatRounds(bytes, ranksThatSend: setting.ranks)) }
        let between = Rounds(
            isRemote: true, hostBytes: Double(bytes), count: ScaleSetting.rounds(setting.hosts))
        return barrier(bytes) + doubling([between], of: setting.hosts) + barrier(bytes)
    }

    /// Where ranks are no power of 2, those that are too many give theirs to others and get the sum from them.
    private func doubling(_ rounds: [Rounds], of count: Int? = nil) -> [Rounds] {
        let count = count ?? setting.rankCount
        guard count & (count - 1) != 0, var last = rounds.last else { return rounds }
        last.count = 1
        return [last] + rounds + [last]
    }

    /// A barrier of a host's ranks, behind a copy of the values.
    private func barrier(_ bytes: Int) -> [Rounds] {
        [Rounds(isRemote: false, hostBytes: Double(bytes), count: 1)]
            + [Rounds(isRemote: false, hostBytes: 0, count: ScaleSetting.rounds(setting.ranks) - 1)]
    }

    /// An all-reduce of which the beginning overlaps with work: `MPI_Iallreduce` in place, a sum to one rank along a tree
    /// and back; in two levels all but the first barrier comes behind the work.
    private func overlappingRounds(_ bytes: Int) -> [Rounds] {
        guard !setting.isTwoLevel else { return sumRounds(bytes) }
        let up = flatRounds(bytes, ranksThatSend: 1)
        return up + up.reversed()
    }

    /// `MPI_Allgatherv`: values that are few in all by doubling, others from neighbour to neighbour, two ranks' at a time,
    /// behind an all-gather of how many there are.
    private func gatherRounds(_ bytes: Int) -> [Rounds] {
        let counts = flatRounds(8, ranksThatSend: setting.ranks)
        let total = bytes * setting.rankCount
        guard total >= 50_000, setting.rankCount > 2 else {
            return counts + flatRounds(bytes, ranksThatSend: setting.ranks)
        }
        return counts + [
            Rounds(
                isRemote: setting.hosts > 1, hostBytes: Double(2 * bytes), count: 1,
                together: Double(setting.rankCount / 2))
        ]
    }

    /// Goes through rounds, of which the first few are over.
    private mutating func exchange(_ rounds: [Rounds], behind first: Int = 0) {
        var first = first
        for round in rounds {
            let count = round.count - min(first, round.count)
            first -= round.count - count
            for _ in 0..<max(0, count) { wait(until: end(of: round)) }
        }
    }

    /// When a round that begins now is over.
    private mutating func end(of round: Rounds) -> Double {
        guard round.isRemote else {
            let copying = round.hostBytes * costs.copySeconds(ranks: setting.ranks)
            return now + round.together * (costs.localLatency + copying)
        }
        return send(round.together * round.hostBytes, from: now) + round.together * costs.networkLatency
    }

    private mutating func beginSum(_ bytes: Int) {
        let rounds = overlappingRounds(bytes)
        guard let first = rounds.first else { return }
        pending = (end(of: first), now, rounds)
    }

    private mutating func awaitSum() {
        guard let begun = pending else { return }
        pending = nil
        wait(until: begun.first)
        // The communication thread moves every exchange on when it advances; what waits for this thread stays.
        let moved = isThreadBusy ? Int((now - begun.begun) / costs.pauseSeconds) : 0
        let most = setting.isTwoLevel ? ScaleSetting.rounds(setting.ranks) : Int.max
        exchange(begun.rounds, behind: max(1, min(moved, most)))
    }
}
