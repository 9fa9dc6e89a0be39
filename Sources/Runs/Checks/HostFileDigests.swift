internal import Foundation
internal import Hosts
package import ModelFiles
package import ProcessGroups

/// The SHA-256 of the file that each rank finds at a path; each file is read once on each host.
package struct HostFileDigests {
    /// 64 hexadecimal digits a rank, in rank order, the same on every rank; nil where there is no file to read.
    package let values: [String?]

    /// Lets the lowest rank of those that see the same file read it.
    ///
    /// - Parameters:
    ///   - path: The file; relative to the folder of each rank.
    ///   - group: The ranks.
    ///   - digest: What is computed of the file.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(
        _ path: String, group: any ProcessGroup,
        digest: (String) throws -> FileDigest = { try FileDigest(ofFile: $0) }
    ) throws {
        let places = try group.allGatherTexts(Self.place(of: path))
        let first = Dictionary(zip(places, places.indices)) { first, _ in first }
        let firstRanks = places.map { first[$0] ?? 0 }
        let own = firstRanks[group.rank] == group.rank ? try? digest(path).description : nil
        let digests = try group.allGatherTexts(own ?? "")
        values = firstRanks.map { digests[$0].isEmpty ? nil : digests[$0] }
    }

    /// Host, device and number of the file: equal where two ranks see the same file.
    private static func place(of path: String) -> String {
        var information = stat()
        guard stat(path, &information) == 0 else { return "" }
        return "\(HostName.current) \(information.st_dev) \(information.st_ino)"
    }
}
