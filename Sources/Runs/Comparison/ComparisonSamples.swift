internal import Foundation
internal import Hosts
internal import ImageData
internal import ModelFiles
internal import ProcessGroups

/// The samples of a seed, as all methods see them.
struct ComparisonSamples: Codable, Equatable {
    /// Fingerprints of training and validation.
    let learned: String
    /// Fingerprint of the test split.
    let tested: String
    /// For each test picture the number of its unit: pictures that belong together, such as those of a patient, are
    /// one.
    let units: [Int]
    /// Which images of all splits were left out as they cannot be decoded, in words; nil: none.
    let leftOut: String?

    /// Looks at the splits of a configuration.
    ///
    /// - Throws: `CollectiveFailure` (65) where a picture of the test split is also one that is learned from or chosen
    ///   by.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ configuration: RunConfiguration, digests: FileDigestCache, group: any ProcessGroup) throws {
        let splits = try PreparedData(configuration, digests: digests, group: group).splits
        // Whoever read the files knows their hashes and what belongs together.
        let found = try group.coordinate { () throws -> [UInt8] in
            Array(try JSONEncoder().encode(try Self(splits)))
        }
        self = try JSONDecoder().decode(Self.self, from: Data(found))
    }

    /// Looks at splits. On rank 0.
    private init(_ splits: TrainingSplits) throws {
        guard let test = splits.test else { throw UsageError("data.test is missing") }
        let parts: [(String, Subset?)] = [("training", splits.training), ("validation", splits.validation)]
        for (name, part) in parts {
            guard let part, let shared = Self.sharedPicture(part, test) else { continue }
            throw DataError(
                .selection, path: test.dataset.path,
                "\(shared.count) of its \(test.count) pictures are also in the \(name) split, the first \(shared.first.excerpt): methods are compared by pictures that none has seen; remove them from one of the two"
            )
        }
        learned = parts.compactMap(\.1).map { Self.hexadecimal($0) }.joined(separator: " ")
        tested = Self.hexadecimal(test)
        leftOut = splits.skipped.first.map {
            "left out \(Units.count(splits.skipped.count, "image")) that cannot be decoded, of training and test, the first \($0.path.shownPath): \($0.reason.shownPath)"
        }
        var numbers: [String: Int] = [:]
        var count = 0
        units = test.indices.map { index in
            let name = test.dataset.group(index)
            if let name, let number = numbers[name] { return number }
            defer { count += 1 }
            if let name { numbers[name] = count }
            return count
        }
        guard count > 1 else {
            throw DataError(
                .selection, path: test.dataset.path,
                "a single picture, or all of one group, says nothing; expected more in data.test")
        }
    }

    private static func hexadecimal(_ subset: Subset) -> String { String(subset.fingerprint, radix: 16) }

    /// Pictures that both have: equal files, or the same place of one data set.
    private static func sharedPicture(_ learned: Subset, _ test: Subset) -> (count: Int, first: String)? {
        let files = learned.sharedImages(with: test)
        if let first = files.first { return (files.count, test.identifier(first.there)) }
        guard learned.dataset.fingerprint == test.dataset.fingerprint else { return nil }
        let shared = Set(learned.indices).intersection(test.indices)
        return shared.min().map { (shared.count, test.dataset.identifier($0)) }
    }
}

extension ComparisonSamples {
    /// Scores of units from those of pictures: the mean of each.
    static func scores(_ right: [Double], units: [Int]) -> [Double] {
        var (sums, counts) = ([Double](), [Double]())
        for (score, unit) in zip(right, units) {
            while sums.count <= unit {
                sums.append(0)
                counts.append(0)
            }
            sums[unit] += score
            counts[unit] += 1
        }
        return zip(sums, counts).map { $0 / $1 }
    }
}
