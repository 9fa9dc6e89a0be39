internal import Foundation
internal import Hosts
internal import ImageData
internal import ProcessGroups
internal import Reports

/// Small pictures of samples, which the ranks make among them.
struct Thumbnails {
    /// A JPEG in base64 for each sample; nil where its image cannot be shown.
    let texts: [String?]

    /// Makes them.
    ///
    /// - Parameters:
    ///   - subset: The samples.
    ///   - positions: Which of them, the same on every rank.
    ///   - file: What they are for, as the user knows it.
    ///   - group: The ranks.
    ///   - warn: Tells the user a line that is worth reading however quiet the program is, on rank 0.
    /// - Throws: What the group throws. An image that cannot be read is said and is no error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ subset: Subset, _ positions: [Int], for file: String, group: any ProcessGroup,
        warn: (String) -> Void
    ) throws {
        let own = Shard(rank: group.rank, size: group.size).slice(of: positions.count)
        var problem = ""
        let pictures: [[UInt8]] = positions[own].map { position -> [UInt8] in
            group.noteProgress()
            do throws(DataError) {
                return try subset.dataset.thumbnail(
                    subset.indices[position], side: ReportRecord.Limits.thumbnailSide)
            } catch {
                if problem.isEmpty { problem = "\(subset.identifier(position)): \(error)" }
                return []
            }
        }
        let lengths = try group.allGather(pictures.map { Int64($0.count) })
        let bytes = try group.allGather(pictures.flatMap { $0 })
        let problems = try group.allGatherTexts(problem)
        var start = 0
        texts = lengths.map { length in
            defer { start += Int(length) }
            return length == 0 ? nil : Data(bytes[start..<start + Int(length)]).base64EncodedString()
        }
        if let first = problems.first(where: { !$0.isEmpty }) {
            warn("\(file): \(lengths.count { $0 == 0 }) images cannot be shown: \(first)")
        }
    }
}
