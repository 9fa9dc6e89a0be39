package import Hosts

/// Whether the hosts of a job have the same processors.
package enum ProcessorCheck {
    /// A line that names the processor of each host where they differ; none where they do not.
    ///
    /// - Parameters:
    ///   - processors: Those of all ranks, in rank order.
    ///   - hosts: Their hosts.
    package static func notices(_ processors: [Processor], _ hosts: [String]) -> [String] {
        guard Set(processors.map(\.words)).count > 1 else { return [] }
        let words = groups(processors, hosts).map { "\($0.words) on \($0.hosts)" }.joined(separator: "; ")
        return [
            "notice: hosts have different processors: \(words). Parameters stay equal on every rank; a job on other hosts "
                + "gives the same results to rounding only, and each step waits for the slowest host"
        ]
    }

    /// Each kind of processor with the hosts that have it, in the order of their first ranks.
    static func groups(_ processors: [Processor], _ hosts: [String]) -> [(words: String, hosts: String)] {
        var kinds: [(words: String, hosts: [String])] = []
        for (processor, host) in zip(processors, hosts) {
            if let index = kinds.firstIndex(where: { $0.words == processor.words }) {
                if !kinds[index].hosts.contains(host) { kinds[index].hosts.append(host) }
            } else {
                kinds.append((processor.words, [host]))
            }
        }
        return kinds.map { kind in
            let others = kind.hosts.count - namedCount
            return (
                kind.words,
                kind.hosts.prefix(namedCount).joined(separator: ", ")
                    + (others > 0 ? " and \(others) more" : "")
            )
        }
    }

    /// How many hosts of a kind a line names.
    private static let namedCount = 4
}
