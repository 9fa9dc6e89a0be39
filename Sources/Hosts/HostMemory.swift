internal import Foundation

/// The memory of a host, in bytes, as a rank of it sees it.
package struct HostMemory: Sendable, Codable, Equatable {
    /// What the host has.
    package var total: Int64
    /// What new programs can have before the system has to swap, or before the rank's control group is full.
    package var available: Int64
    /// What the rank's control group may hold, nil where that is not limited to less than the host has.
    package var limit: Int64?

    /// What this process can have at most: the limit of its control group, or all that the host has, and not more than
    /// `ulimit -v` grants. 0 where nothing is known.
    package var usable: Int64 {
        var grant = rlimit()
        let isLimited =
            getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &grant) == 0
            && grant.rlim_cur < UInt64(Int64.max)
        return [limit, total, isLimited ? Int64(grant.rlim_cur) : nil].compactMap(\.self).filter { $0 > 0 }
            .min() ?? 0
    }

    package init(total: Int64, available: Int64, limit: Int64? = nil) {
        (self.total, self.available, self.limit) = (total, available, limit)
    }

    /// That of this host, now.
    ///
    /// - Parameters:
    ///   - information: The file in which Linux tells about the host's memory.
    ///   - membership: The file that says which control groups this process is in.
    ///   - root: Where they are mounted.
    package static func current(
        information: String = "/proc/meminfo", membership: String = "/proc/self/cgroup",
        root: String = "/sys/fs/cgroup"
    ) -> HostMemory {
        let lines = text(information).split(separator: "\n")
        func bytes(_ name: String) -> Int64 {
            let line = lines.first { $0.hasPrefix(name + ":") }
            return 1024 * (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) } ?? 0)
        }
        let (total, available) = (bytes("MemTotal"), bytes("MemAvailable"))
        let groups = text(membership).split(separator: "\n").flatMap { limits(line: $0, root: root) }
            .filter { $0.limit < total }
        return HostMemory(
            total: total, available: groups.map { max(0, $0.limit - $0.used) }.reduce(available, min),
            limit: groups.map(\.limit).min())
    }

    /// The limits that a line of memberships leads to: `0::/path`, or `4:memory:/path` of version 1. A group
    /// has no more than the groups around it.
    private static func limits(line: Substring, root: String) -> [(limit: Int64, used: Int64)] {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory")
        else { return [] }
        let (folder, limitName, usedName) =
            parts[1].isEmpty
            ? (root, "memory.max", "memory.current")
            : ("\(root)/\(parts[1])", "memory.limit_in_bytes", "memory.usage_in_bytes")
        let names = parts[2].split(separator: "/")
        return (0...names.count).compactMap { count in
            let path = folder + names.prefix(count).map { "/" + $0 }.joined()
            guard let limit = number("\(path)/\(limitName)") else { return nil }
            return (limit, number("\(path)/\(usedName)") ?? 0)
        }
    }

    /// The number in a file, nil where it says `max` or is not there.
    private static func number(_ path: String) -> Int64? {
        Int64(text(path).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
