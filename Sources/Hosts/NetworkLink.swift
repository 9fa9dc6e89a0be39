internal import Foundation

/// A network interface of a host, and what it has sent.
package struct NetworkLink: Sendable, Codable, Equatable {
    /// For example `eth0`.
    package var name: String
    /// Bytes sent since the interface exists, or between two looks at it.
    package var sentBytes: Int64
    /// What its driver says of its speed in 10⁶ bits a second, nil where it does not say or is not connected.
    package var megabitsPerSecond: Int?

    package init(name: String, sentBytes: Int64, megabitsPerSecond: Int? = nil) {
        (self.name, self.sentBytes, self.megabitsPerSecond) = (name, sentBytes, megabitsPerSecond)
    }

    /// Those of this host, or of this process's network namespace.
    ///
    /// - Parameters:
    ///   - counters: The file in which Linux counts what interfaces receive and send.
    ///   - folder: Where a folder lies for each.
    package static func all(counters: String = "/proc/net/dev", folder: String = "/sys/class/net")
        -> [NetworkLink]
    {
        let text = (try? String(contentsOfFile: counters, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            // `eth0: RECEIVED-BYTES` and seven more numbers, then `SENT-BYTES` and seven more.
            let parts = line.split(separator: ":", maxSplits: 1)
            let numbers = parts.last.map { $0.split(separator: " ").map { Int64($0) } } ?? []
            guard parts.count == 2, numbers.count >= 9, let sent = numbers[8] else { return nil }
            let name = parts[0].trimmingCharacters(in: .whitespaces)
            let speed = (try? String(contentsOfFile: "\(folder)/\(name)/speed", encoding: .utf8)).flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            return NetworkLink(
                name: name, sentBytes: sent, megabitsPerSecond: speed.flatMap { $0 > 0 ? $0 : nil })
        }
    }

    /// The same interfaces with what they have sent since `earlier`.
    package static func difference(_ links: [NetworkLink], since earlier: [NetworkLink]) -> [NetworkLink] {
        links.map { link in
            var link = link
            link.sentBytes -= earlier.first { $0.name == link.name }?.sentBytes ?? 0
            return link
        }
    }
}
