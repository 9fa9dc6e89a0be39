internal import Hosts

// Work that can fail on one rank while the others would wait for it: its outcome reaches every rank.
extension ProcessGroup {
    /// Lets rank 0 do work, such as file input or output; its result or its error reaches every rank.
    ///
    /// - Parameter work: Runs on rank 0 only. It must not call the group.
    /// - Returns: What rank 0's work returned, the same on every rank.
    /// - Throws: `CollectiveFailure` with the text and the exit code of rank 0's error, on every rank;
    ///   `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func coordinate(_ work: () throws -> [UInt8]) throws -> [UInt8] {
        var content: [UInt8] = []
        var failureCode: [Int32] = [0]
        if rank == 0 {
            do {
                content = try work()
            } catch {
                content = Array(String(describing: error).utf8)
                failureCode = [ExitCode.of(error)]
            }
        }
        try broadcast(&failureCode, from: 0)
        try broadcast(&content, from: 0)
        guard failureCode == [0] else {
            throw CollectiveFailure(
                message: String(decoding: content, as: UTF8.self), exitCode: failureCode[0])
        }
        return content
    }

    /// Lets every rank do its own work, such as reading data on its host; if any fails, all throw.
    ///
    /// - Parameter work: Runs on every rank. It may call the group only if no rank can fail between two
    ///   such calls, which is why it had better not.
    /// - Returns: What this rank's work returned.
    /// - Throws: `CollectiveFailure`, the same on every rank, which names each failed rank, its host and
    ///   its message; it carries the exit code of the lowest failed rank. `MPIError` if the
    ///   communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func agree<Value>(_ work: () throws -> Value) throws -> Value {
        let outcome = Result(catching: work)
        var failureCode: Int32 = 0
        if case .failure(let error) = outcome { failureCode = ExitCode.of(error) }
        let failureCodes = try allGather([failureCode])
        guard let exitCode = failureCodes.first(where: { $0 != 0 }) else { return try outcome.get() }

        var message = ""
        if case .failure(let error) = outcome { message = String(describing: error) }
        let messages = try allGatherEach(Array(message.utf8))
        let hosts = try allGatherEach(Array(HostName.current.utf8))
        let reports = failureCodes.indices.filter { failureCodes[$0] != 0 }.map { rank in
            RankReport(
                rank: rank, host: String(decoding: hosts[rank], as: UTF8.self),
                message: String(decoding: messages[rank], as: UTF8.self))
        }
        throw CollectiveFailure(
            message: RankReport.summary(of: reports, groupSize: size), exitCode: exitCode)
    }
}

extension ProcessGroup {
    /// Lets rank 0 do work, such as file input or output; its success or its error reaches every rank.
    ///
    /// - Parameter work: Runs on rank 0 only. It must not call the group.
    /// - Throws: `CollectiveFailure` with the text and the exit code of rank 0's error, on every rank;
    ///   `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func coordinate(_ work: () throws -> Void) throws {
        _ = try coordinate { () throws -> [UInt8] in
            try work()
            return []
        }
    }
}
