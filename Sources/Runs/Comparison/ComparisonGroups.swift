internal import Foundation
internal import Hosts
internal import ModelFiles
package import ProcessGroups

/// The ranks of a comparison in groups of equal size, each of which does a run at a time.
///
/// Who takes which run is settled by files that one group can make: `claims/N` in the folder of the comparison, which all
/// hosts must see, while runs are done. So a group that is done sooner takes more, and nobody waits for the slowest between two runs.
package struct ComparisonGroups {
    /// All ranks.
    package let world: any ProcessGroup
    /// The ranks that do a run with this one.
    package let own: any ProcessGroup
    /// How many groups there are.
    package let count: Int

    /// Divides the ranks, those of a host one after the other.
    ///
    /// - Parameter ranksPerRun: How many do a run together; the ranks must be a multiple of it, or it traps.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ world: any ProcessGroup, ranksPerRun: Int) throws {
        precondition(
            ranksPerRun > 0 && world.size % ranksPerRun == 0, "\(world.size) by \(ranksPerRun) ranks")
        (self.world, count) = (world, world.size / ranksPerRun)
        guard count > 1 else {
            own = world
            return
        }
        let hosts = try world.allGatherTexts(HostName.current)
        own = try world.split(color: Self.groups(hosts, count: count)[world.rank])
    }

    /// The group of each rank: as many ranks each, those of a host together as far as that goes.
    ///
    /// - Parameter hosts: The host of each rank.
    package static func groups(_ hosts: [String], count: Int) -> [Int] {
        // Hosts in the order of their first ranks.
        let first = Dictionary(hosts.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
        let order = hosts.indices.sorted { (first[hosts[$0]] ?? 0, $0) < (first[hosts[$1]] ?? 0, $1) }
        var groups = [Int](repeating: 0, count: hosts.count)
        for (place, rank) in order.enumerated() { groups[rank] = place * count / hosts.count }
        return groups
    }

    /// Does pieces of work, each by one group.
    ///
    /// - Parameters:
    ///   - pieces: How many.
    ///   - folder: The folder of the comparison.
    ///   - work: Does the piece of that number, with the ranks of `own`.
    /// - Throws: `CollectiveFailure` of a group that failed, on every rank; the other groups end the piece that they do
    ///   and take no other. What the group throws.
    /// - Important: Collective: every rank of the world must call this, in the same order.
    package func distribute(_ pieces: Int, in folder: String, _ work: (Int) throws -> Void) throws {
        let claims = ComparisonClaims(folder: folder + "/claims")
        guard count > 1, pieces > 0 else {
            for piece in 0..<pieces { try work(piece) }
            // An earlier start, of more groups, may have been killed.
            if world.rank == 0 { claims.end() }
            return
        }
        try world.coordinate { () throws -> Void in try claims.begin() }
        // A group whose host does not see them would do everything once more.
        try world.agree { try claims.requireSeen() }
        try together {
            do {
                for piece in 0..<pieces {
                    let answer = try own.coordinate { () throws -> [UInt8] in
                        [try claims.take(piece).rawValue]
                    }
                    if answer == [ComparisonClaims.Answer.over.rawValue] { break }
                    if answer == [ComparisonClaims.Answer.taken.rawValue] { try work(piece) }
                }
            } catch let failure as CollectiveFailure {
                if own.rank == 0 { claims.stop() }
                throw failure
            }
        }
        if world.rank == 0 { claims.end() }
    }

    /// Does work in each group by itself; a failure in one reaches all ranks once all groups have ended.
    ///
    /// - Throws: `CollectiveFailure` of the first group that failed, on every rank; what the group throws.
    /// - Important: Collective: every rank of the world must call this, in the same order.
    func together(_ work: () throws -> Void) throws {
        guard count > 1 else { return try work() }
        var failure: CollectiveFailure?
        do { try work() } catch let error as CollectiveFailure { failure = error }
        let texts = try world.allGatherTexts(failure.map { "\($0.exitCode)\n\($0.message)" } ?? "")
        guard let first = texts.first(where: { !$0.isEmpty }) else { return }
        let parts = first.split(separator: "\n", maxSplits: 1)
        throw CollectiveFailure(
            message: parts.count > 1 ? String(parts[1]) : "",
            exitCode: parts.first.flatMap { Int32($0) } ?? ExitCode.internalError)
    }
}

extension ComparisonGroups {
    /// What each group has found out, on every rank.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the world must call this, in the same order.
    func shared<Place: Codable & Hashable, Record: Codable>(
        _ records: [Place: Record]
    ) throws -> [Place: Record] {
        guard count > 1 else { return records }
        // All ranks of a group have the same.
        return try world.allGatherCoded(own.rank == 0 ? records : [:]).reduce(into: [:]) { all, some in
            all.merge(some) { first, _ in first }
        }
    }
}

/// The files by which groups settle who does what.
private struct ComparisonClaims {
    enum Answer: UInt8 {
        /// This group does it.
        case taken
        /// Another one does it, or has done it.
        case another
        /// Another group has failed: nothing more is begun.
        case over
    }

    let folder: String
    private var stopFile: String { folder + "/stop" }
    private var seenFile: String { folder + "/seen" }

    /// Makes an empty folder: claims of an earlier start count no more. On rank 0.
    func begin() throws {
        let manager = FileManager.default
        do {
            if manager.fileExists(atPath: folder) { try manager.removeItem(atPath: folder) }
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw OutputError(path: folder, underlying: error)
        }
        try OutputFile.replace(seenFile, with: [])
    }

    /// Makes sure that this rank sees what rank 0 made.
    func requireSeen() throws {
        guard !FileManager.default.fileExists(atPath: seenFile) else { return }
        throw UsageError(
            "\(folder.excerpt): this host does not see it: with --groups the folder of the comparison lies where all hosts see it"
        )
    }

    /// Takes a piece of work if nobody has.
    func take(_ piece: Int) throws -> Answer {
        guard !FileManager.default.fileExists(atPath: stopFile) else { return .over }
        let path = "\(folder)/\(piece)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        let reason = errno
        if descriptor >= 0 {
            close(descriptor)
            return .taken
        }
        guard reason == EEXIST else {
            throw OutputError(path: path, underlying: POSIXError(.init(rawValue: reason) ?? .EIO))
        }
        return .another
    }

    /// Takes the folder away once all groups have ended; where that fails, the next start does it.
    func end() { try? FileManager.default.removeItem(atPath: folder) }

    /// Lets no group take more.
    func stop() { try? OutputFile.replace(stopFile, with: []) }
}
