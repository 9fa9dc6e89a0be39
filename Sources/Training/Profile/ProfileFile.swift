internal import Foundation
internal import Hosts
internal import ModelFiles
public import ProcessGroups

extension Profile {
    /// Gathers the spans of all ranks and writes them as a Chrome trace, which Perfetto and `chrome://tracing` open:
    /// a process a rank, its threads named. To where the name leads: see `OutputFile`.
    ///
    /// - Parameters:
    ///   - path: The file; rank 0 writes it.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` where it cannot be written; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func write(to path: String, _ group: any ProcessGroup) throws {
        let own = try group.agree { try records(rank: group.rank) }
        var parts: [[UInt8]] = []
        // One rank after the other, so that none but rank 0 holds more than one part.
        for rank in 0..<group.size {
            var part = rank == group.rank ? own : []
            try group.broadcast(&part, from: rank)
            if group.rank == 0, !part.isEmpty { parts.append(part) }
        }
        try group.coordinate { () throws -> Void in
            let head = Array(#"{"displayTimeUnit":"ms","traceEvents":["#.utf8)
            let bytes = head + parts.joined(separator: Array(",\n".utf8)) + Array("]}\n".utf8)
            try OutputFile.write(bytes, named: path)
        }
    }

    /// The records of this rank, separated by commas.
    private func records(rank: Int) throws -> [UInt8] {
        let (events, hasLost) = events.contents
        var records = [
            Record(naming: "process_name", rank, lane: nil, "rank \(rank) on \(HostName.current)"),
            Record(naming: "process_sort_index", rank, lane: nil, "\(rank)"),
        ]
        for lane in Set(events.map(\.lane)).sorted(by: { $0.number < $1.number }) {
            records.append(Record(naming: "thread_name", rank, lane: lane, lane.name))
        }
        if hasLost {
            records.append(
                Record(
                    naming: "process_labels", rank, lane: nil,
                    "only the first \(ProfileEvents.capacity) spans were kept"))
        }
        // Those that hold others come first.
        let sorted = events.sorted { ($0.start, $1.end) < ($1.start, $0.end) }
        records += sorted.map { Record($0, rank, since: origin) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(records).dropFirst().dropLast())
    }

    /// A line of the trace.
    private struct Record: Encodable {
        let name: String
        /// `X`, a span, or `M`, a name.
        let ph: String
        let pid: Int
        let tid: Int
        var cat: String?
        /// Microseconds since the origin.
        var ts: Double?
        /// Microseconds.
        var dur: Double?
        var args: [String: String]?

        init(naming name: String, _ rank: Int, lane: ProfileEvents.Lane?, _ value: String) {
            (self.name, ph, pid, tid) = (name, "M", rank, lane?.number ?? 0)
            args = [
                name == "process_labels" ? "labels" : name == "process_sort_index" ? "sort_index" : "name":
                    value
            ]
        }

        init(_ event: ProfileEvents.Event, _ rank: Int, since origin: ContinuousClock.Instant) {
            (name, ph, pid, tid) = (event.name, "X", rank, event.lane.number)
            cat = event.category.rawValue
            ts = (event.start - origin).seconds * 1e6
            dur = (event.end - event.start).seconds * 1e6
        }
    }
}

extension ProfileEvents.Lane {
    fileprivate var number: Int {
        switch self {
        case .training: 1
        case .communication: 2
        case .checkpoints: 3
        case .allReduce(let lane): 10 + lane
        }
    }

    fileprivate var name: String {
        switch self {
        case .training: "training"
        case .communication: "communication thread"
        case .checkpoints: "checkpoint writing"
        case .allReduce(let lane): "all-reduces \(lane + 1)"
        }
    }
}
