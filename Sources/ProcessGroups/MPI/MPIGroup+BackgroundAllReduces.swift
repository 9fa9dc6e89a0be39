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
        let division = try division()
        guard division.isTwoLevel(topology) else { return try flat(.flat) }
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

    package func makeSmallAllReduce(topology: AllReduceTopology) throws -> any SmallAllReduce {
        let plain = PlainSmallAllReduce(self)
        guard size > 1, topology != .flat else { return plain }
        let division = try division()
        // Nothing is saved on one host, whose bits stay those of the group.
        guard division.isTwoLevel(topology), division.hosts > 1,
            case .success(let memory) = try sharedMemory(
                division, count: MPITwoLevelSmallAllReduce.segmentCount(lanes: division.lanes))
        else { return plain }
        return MPITwoLevelSmallAllReduce(
            self, local: try division.local.makeDuplicate(), lane: try division.lane?.makeDuplicate(),
            lanes: division.lanes, memory)
    }

    package func allReducePeers(_ topology: AllReduceTopology) throws -> Int {
        guard size > 1, topology != .flat else { return size }
        let division = try division()
        return division.isTwoLevel(topology) ? division.hosts : size
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
