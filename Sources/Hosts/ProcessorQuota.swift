internal import Foundation

/// How much processor time a control group of Linux may use: a container often sees more cores than that.
package enum ProcessorQuota {
    /// The limit of this process in cores, nil without one.
    ///
    /// - Parameters:
    ///   - membership: The file that says which control groups this process is in.
    ///   - root: Where they are mounted.
    package static func current(membership: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup")
        -> Double?
    {
        guard let text = try? String(contentsOfFile: membership, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").flatMap { quotas(line: $0, root: root) }.min()
    }

    /// The limits that a line of the file of memberships leads to: `0::/path`, or `4:cpu,cpuacct:/path` of version 1.
    private static func quotas(line: Substring, root: String) -> [Double] {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return [] }
        let controllers = parts[1].split(separator: ",")
        guard controllers.isEmpty || controllers.contains("cpu") else { return [] }
        // A group has no more than the groups around it. A container often sees its own as the outermost one.
        return ancestors(of: String(parts[2])).compactMap { path in
            controllers.isEmpty
                ? quota(words(root + path + "/cpu.max"))
                : quota(
                    words("\(root)/\(parts[1])\(path)/cpu.cfs_quota_us")
                        + words("\(root)/\(parts[1])\(path)/cpu.cfs_period_us"))
        }
    }

    /// `/a/b`, `/a` and the empty path.
    private static func ancestors(of path: String) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { names.prefix($0).map { "/" + $0 }.joined() }
    }

    private static func words(_ path: String) -> [Substring] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace)
    }

    /// Quota and period in the same unit; `max` and -1 mean no limit.
    private static func quota(_ words: [Substring]) -> Double? {
        guard words.count == 2, let time = Double(words[0]), let period = Double(words[1]), time > 0,
            period > 0
        else { return nil }
        return time / period
    }
}
