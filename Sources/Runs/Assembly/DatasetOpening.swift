internal import Foundation
internal import ImageData
internal import ModelFiles
internal import ProcessGroups

/// Opens the data sets of a run where they are read, gives them to every rank, and agrees with the other ranks on the images that are left out.
struct DatasetOpening {
    /// What happens to an image that cannot be decoded.
    let onError: ImageErrorPolicy
    /// How files are read.
    let options: DatasetOptions
    /// The ranks.
    let group: any ProcessGroup

    /// What was left out so far.
    private(set) var skipped: [SkippedImage] = []

    private let reading: SharedReading

    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ data: DataConfiguration, options: DatasetOptions, group: any ProcessGroup) throws {
        (onError, self.options, self.group) = (data.onError, options, group)
        reading = try SharedReading(group, isLocal: data.isLocal)
    }

    /// Opens a data set.
    ///
    /// With `stop` an image whose beginning is damaged is an error, in shards one that is damaged once it comes up. With
    /// `skip` every image is decoded once, each by one rank, and those that fail on any rank leave the data set on all.
    ///
    /// - Throws: `CollectiveFailure`, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    mutating func open(_ path: String) throws -> any ImageDataset {
        let dataset = try reading.dataset(options) {
            let dataset = try DatasetFile.open(path: path, options: options)
            if onError == .stop {
                try (dataset as? PhotographDataset)?.requireUsable(
                    remedy: "mend or remove them, or set data.on-error: skip to leave them out")
            }
            return dataset
        }
        guard onError == .skip, let photographs = dataset as? PhotographDataset else { return dataset }
        let shard = Shard(rank: group.rank, size: group.size)
        let decoded = photographs.failures(
            decoding: shard.slice(of: photographs.count), threads: options.threads)
        // What a host does not see is no image that cannot be decoded.
        try group.agree {
            if let unseen = decoded.first(where: { photographs.isOfAnotherHost($0.error) }) {
                throw unseen.error
            }
        }
        let own = photographs.failures + decoded
        let found = try group.allGatherEach(
            Array(try JSONEncoder().encode(own.map { SkippedImage($0, in: photographs) })))
        let all = try found.flatMap { try JSONDecoder().decode([SkippedImage].self, from: Data($0)) }
        // What fails at the beginning of a file is known to all ranks, which all say so.
        let failed = Dictionary(all.map { ($0.index, $0) }) { first, _ in first }
        skipped += failed.values.sorted { $0.index < $1.index }
        return photographs.leavingOut(Set(failed.keys))
    }

    /// What to tell the user.
    var notes: [String] {
        guard let first = skipped.first else { return [] }
        return [
            "left out \(Units.count(skipped.count, "image")) that cannot be decoded, the first \(first.path): \(first.reason)"
        ]
    }
}

/// An image that was left out.
package struct SkippedImage: Codable, Sendable, Equatable {
    /// Its index in the data set as it was opened.
    let index: Int
    /// Where its file lies.
    package let path: String
    /// Why it cannot be used.
    package let reason: String

    init(_ failure: PhotographFailure, in dataset: PhotographDataset) {
        (index, path, reason) = (failure.index, dataset.location(failure.index), failure.error.detail)
    }

    /// The name of the list in the folder of a run.
    static let fileName = "skipped-images.csv"

    /// Writes the list of a run, one line an image; removes an older one where none was left out. On rank 0.
    ///
    /// - Throws: `OutputFileError`.
    static func write(_ skipped: [SkippedImage], inFolder folder: String) throws {
        let path = folder + "/" + fileName
        guard !skipped.isEmpty else {
            try? FileManager.default.removeItem(atPath: path)
            return
        }
        let lines = skipped.map { CSVText.line([$0.path, $0.reason]) }
        try OutputFile.replace(path, with: Array(("path,reason\n" + lines.joined()).utf8))
    }
}
