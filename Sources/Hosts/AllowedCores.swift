internal import Foundation

/// The cores that the system lets a thread run on.
package enum AllowedCores {
    /// Numbers of the cores of the calling thread, ascending; none where the system does not say.
    ///
    /// - Parameter status: The file in which Linux tells about a thread.
    package static func ofThisThread(status: String = "/proc/thread-self/status") -> [Int] {
        let name = "Cpus_allowed_list:"
        guard let text = try? String(contentsOfFile: status, encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return [] }
        return cores(inList: line.dropFirst(name.count).filter { !$0.isWhitespace })
    }

    /// The numbers of a list as the system writes them: `0-2,7`.
    private static func cores(inList list: String) -> [Int] {
        list.split(separator: ",").flatMap { part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [Int]() }
            return Array(first...last)
        }
    }
}
