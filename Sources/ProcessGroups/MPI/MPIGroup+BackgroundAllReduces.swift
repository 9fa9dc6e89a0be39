extension MPIGroup {
    package func makeBackgroundAllReduces(
        count: Int, capacity: Int, format: WireFormat, topology: AllReduceTopology
    ) throws -> BackgroundAllReduces {
        let flat = { (levels: AllReduceLevels) in
            BackgroundAllReduces(
                try (0..<count).map { _ in
                    MPIBackgroundAllReduce(try self.makeDuplicate(), capacity: capacity, format: format)
                }, levels: levels)
        }
        guard size > 1, topology != .flat else { return try flat(.flat) }
        let division = try HostDivision(self)
        guard topology == .twoLevel || division.isOfUse else { return try flat(.flat) }
        let slotSize = MPITwoLevelAllReduce.Slot.size(capacity: capacity, lanes: division.lanes)
        let memory: SharedMemory
        switch try sharedMemory(division, count: count * slotSize) {
        case .success(let shared): memory = shared
        case .failure(let obstacle):
            return try flat(.withoutSharedMemory(rank: obstacle.rank, reason: obstacle.reason))
        }
        let reductions = try (0..<count).map { index in
            MPITwoLevelAllReduce(
                try division.local.makeDuplicate(),
                lane: try division.lane.map {
                    MPIBackgroundAllReduce(
                        try $0.makeDuplicate(), capacity: capacity / division.lanes + 1, format: format)
                }, lanes: division.lanes,
                slot: MPITwoLevelAllReduce.Slot(
                    memory: memory, start: index * slotSize, capacity: capacity), format: format)
        }
        return BackgroundAllReduces(
            reductions, levels: .twoLevel(hosts: division.hosts, lanes: division.lanes))
    }

    /// Why there is no shared memory, and of which rank the first host without is.
    private struct Obstacle: Error {
        let rank: Int
        let reason: String
    }

    /// Shared memory on every host, or on none.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    private func sharedMemory(
        _ division: HostDivision, count: Int
    ) throws -> Result<SharedMemory, Obstacle> {
        var memory: SharedMemory?
        var reason = SharedMemory.shortage(count: count, ranks: division.local.size) ?? ""
        // One rank that sees too little speaks for its host: creating is collective.
        reason = try division.local.allGatherTexts(reason).first { !$0.isEmpty } ?? ""
        if reason.isEmpty {
            do { memory = try SharedMemory(division.local, count: count) } catch { reason = error.text }
        }
        let reasons = try allGatherTexts(reason)
        guard let first = reasons.firstIndex(where: { !$0.isEmpty }) else {
            guard let memory else { preconditionFailure("no rank lacks shared memory, but this one") }
            division.local.adopt(memory)
            return .success(memory)
        }
        // Other hosts' is not needed either; it is given back where all ranks of a host have it.
        let holders = try division.local.allReduce(Int64(memory == nil ? 0 : 1))
        if let memory, holders == Int64(division.local.size) { try memory.release() }
        return .failure(Obstacle(rank: first, reason: reasons[first]))
    }
}
