import Foundation
import ImageData
import ProcessGroups
import Runs
import TestSupport
import Testing

/// Who reads weights, lists and sets of images, over ranks that are threads. Ranks look at different places, so that it
/// shows whose files were read.
@Suite struct SharedReadingTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private static let golden = goldenPath("trajectory-fine-tune.yaml")
    private static let weights = goldenPath("source.safetensors")
    private static let tensors = goldenPath("trajectory-data.safetensors")
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../ImageDataTests/Fixtures").path

    private static func configuration(_ assignments: [String]) throws -> RunConfiguration {
        try RunConfiguration(file: golden, assignments: assignments)
    }

    /// The fingerprints that ranks find, or the failure of all, where each looks at a path of its own.
    private func fingerprints(
        _ paths: [String], ranksPerHost: Int? = nil, isLocal: Bool = false
    ) throws -> Result<[UInt64], CollectiveFailure> {
        let outcomes = try ThreadedGroup.run(size: paths.count, ranksPerHost: ranksPerHost) { group in
            do throws {
                let configuration = try Self.configuration([
                    "data={train: \(paths[group.rank]), validation: none, local: \(isLocal)}"
                ])
                return Result<UInt64, CollectiveFailure>.success(
                    try TrainingSplits.open(configuration, group: group).training.fingerprint)
            } catch let failure as CollectiveFailure {
                return .failure(failure)
            }
        }
        guard case .failure(let failure) = outcomes[0] else {
            return .success(try outcomes.map { try $0.get() })
        }
        #expect(outcomes.allSatisfy { (try? $0.get()) == nil })
        return .failure(failure)
    }

    /// A folder, a list, shards, IDX images and tensors.
    private func sources() throws -> [String] {
        for (index, name) in ["rgb.jpg", "grey.jpg", "palette.png", "narrow.jpg"].enumerated() {
            try folder.write(
                contents(Self.fixtures + "/photographs/" + name), as: "data/\(index % 2)/\(index).jpg")
        }
        let lines = (0..<4).map { "\($0 % 2)/\($0).jpg \($0 % 2)\n" }.joined()
        let list = try folder.write(Array(lines.utf8), as: "data/list.txt")
        return [
            folder.path + "/data", list, Self.fixtures + "/shards/pax.tar",
            Self.fixtures + "/small-images-idx3-ubyte.gz", Self.tensors,
        ]
    }

    @Test func onlyRankZeroReadsTheData() throws {
        for source in try sources() {
            let alone = try TrainingSplits.open(
                Self.configuration(["data={train: \(source), validation: none}"]), group: SoloGroup())
            let found = try fingerprints([source, "/absent/1", "/absent/2"]).get()
            #expect(found == Array(repeating: alone.training.fingerprint, count: 3), "\(source)")
        }
    }

    @Test func whatRankZeroLacksEndsAllRanks() throws {
        let failure = try fingerprints(["/absent/0", Self.tensors])
        guard case .failure(let failure) = failure else {
            Issue.record("nothing failed")
            return
        }
        #expect(failure.exitCode == 74 && failure.message.hasPrefix("/absent/0: "), "\(failure)")
    }

    /// The first rank of each host reads, the others look at nothing.
    @Test func everyHostReadsItsOwn() throws {
        for source in try sources() {
            let found = try fingerprints(
                [source, "/absent/1", source, "/absent/3", source], ranksPerHost: 2, isLocal: true
            ).get()
            #expect(Set(found).count == 1)
        }
        let missing = try fingerprints(
            [Self.tensors, Self.tensors, "/absent/2"], ranksPerHost: 2, isLocal: true)
        guard case .failure(let failure) = missing else {
            Issue.record("nothing failed")
            return
        }
        #expect(failure.exitCode == 74 && failure.message.hasPrefix("rank 2 on host "), "\(failure)")
        #expect(failure.message.contains("/absent/2: "))
    }

    @Test func hostsWithOtherDataAreFound() throws {
        let all = try sources()
        let different = try fingerprints([all[0], "/absent", all[4]], ranksPerHost: 2, isLocal: true)
        guard case .failure(let failure) = different else {
            Issue.record("nothing failed")
            return
        }
        #expect(
            failure.exitCode == 65 && failure.message.contains("ranks see different samples"), "\(failure)")
        #expect(failure.message.contains("rank 2 on host "))
    }

    /// The digest of the weights that each rank is told, where each looks at a path of its own.
    private func digests(
        _ paths: [String], _ assignments: [String] = []
    ) throws -> Result<Set<String>, CollectiveFailure> {
        let isLocal = assignments.contains("data.local=true")
        let outcomes = try ThreadedGroup.run(size: paths.count, ranksPerHost: isLocal ? 2 : nil) { group in
            do throws {
                let configuration = try Self.configuration(
                    assignments + ["network.weights=\(paths[group.rank])", "initial-state=null"])
                _ = try StartingPoint(configuration, classCount: 3, group: group)
                return Result<String, CollectiveFailure>.success(
                    try JobChecks.weightsDigest(configuration, group: group))
            } catch let failure as CollectiveFailure {
                return .failure(failure)
            }
        }
        guard case .failure(let failure) = outcomes[0] else {
            return .success(Set(try outcomes.map { try $0.get() }))
        }
        return .failure(failure)
    }

    @Test func onlyRankZeroReadsTheWeights() throws {
        #expect(try digests([Self.weights, "/absent/1", "/absent/2"]).get().count == 1)
        let local = "data.local=true"
        // Of the second host's ranks one reads; which of them finds the file to hash makes no difference.
        #expect(try digests([Self.weights, Self.weights, Self.weights], [local]).get().count == 1)
        let missing = try digests([Self.weights, Self.weights, "/absent/2"], [local])
        guard case .failure(let failure) = missing else {
            Issue.record("nothing failed")
            return
        }
        #expect(
            failure.message.contains("rank 2 on host ") && failure.message.contains("/absent/2"), "\(failure)"
        )
    }
}
