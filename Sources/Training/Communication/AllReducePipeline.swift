internal import ProcessGroups
internal import Tensors

/// All-reduces the buckets of a step, a few at a time and always in the same order.
///
/// A bucket needs two exchanges with additions in between; with several buckets under way the network is not
/// idle meanwhile. Used from one thread at a time.
final class AllReducePipeline {
    /// Buckets under way at the same time: as many as keep the network busy through the pauses of
    /// `CommunicationThread`, and few enough that the small messages of batch normalization, which wait behind
    /// them, come in time.
    static let laneCount = 6

    private let buffer: Tensor
    private let buckets: [Range<Int>]
    /// Bucket `i` is reduced by lane `i % lanes.count`, so that a lane begins its buckets in the same order on
    /// every rank, however far each has got.
    private let lanes: [any BackgroundAllReduce]
    private var isBusy: [Bool]
    /// The bucket of each lane and when it began, for a profile.
    private var bucketOfLane: [(bucket: Int, start: ContinuousClock.Instant)]
    private let events: ProfileEvents?
    /// Between whom the lanes send.
    let levels: AllReduceLevels
    private var begun = 0

    /// Buckets of this step that have been all-reduced.
    private(set) var completed = 0

    /// - Parameters:
    ///   - buckets: Ranges of the buffer.
    ///   - buffer: What is all-reduced, dense.
    ///   - group: The ranks.
    ///   - settings: How numbers travel, and between whom.
    ///   - events: Where steps that are recorded leave each bucket's way.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ buckets: [Range<Int>], of buffer: Tensor, group: any ProcessGroup, settings: CommunicationSettings,
        events: ProfileEvents? = nil
    ) throws {
        (self.buffer, self.buckets, self.events) = (buffer, buckets, events)
        let capacity = buckets.map(\.count).max() ?? 0
        let reductions = try group.makeBackgroundAllReduces(
            count: min(Self.laneCount, max(1, buckets.count)), capacity: capacity,
            format: settings.wireFormat,
            topology: settings.topology)
        (lanes, levels) = (reductions.reductions, reductions.levels)
        isBusy = lanes.map { _ in false }
        bucketOfLane = lanes.map { _ in (0, .now) }
    }

    /// Begins a step.
    func restart() {
        precondition(
            !isBusy.contains(true), "a step begun before the all-reduce of the last one was complete")
        (begun, completed) = (0, 0)
    }

    /// Begins what can begin and advances what is under way, without waiting.
    ///
    /// - Parameter ready: Buckets from the first whose gradients are complete on this rank.
    /// - Returns: Whether anything began or ended.
    @discardableResult
    func advance(ready: Int) throws -> Bool {
        let before = begun + completed
        for lane in lanes.indices where isBusy[lane] {
            guard try lanes[lane].advance() else { continue }
            isBusy[lane] = false
            if let events {
                let (bucket, start) = bucketOfLane[lane]
                events.addToStep(
                    "all-reduce of bucket \(bucket)", .communication, on: .allReduce(lane), from: start)
            }
            completed += 1
        }
        while begun < ready, !isBusy[begun % lanes.count] {
            let range = buckets[begun]
            // The buffer lives as long as this pipeline and stays where it is.
            try buffer.slice(at: range.lowerBound, [range.count]).withMutableElements {
                try lanes[begun % lanes.count].begin($0)
            }
            isBusy[begun % lanes.count] = true
            if let events, events.isRecording { bucketOfLane[begun % lanes.count] = (begun, .now) }
            begun += 1
        }
        return begun + completed != before
    }
}
