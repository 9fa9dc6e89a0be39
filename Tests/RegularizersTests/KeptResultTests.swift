internal import Foundation
import Layers
import Networks
import ProcessGroups
import Regularizers
import Synchronization
import Tensors
import TestSupport
import Testing

/// What LWF and Co-Tuning compute before the first step stays in the folder of the run: whoever finds it there does not
/// compute it again, and nobody takes what belongs to something else or is damaged.
@Suite struct KeptResultTests {
    enum Method: String, CaseIterable, Sendable {
        case lwf = "teacher-logits"
        case coTuning = "relationship"

        var fileName: String { rawValue + ".safetensors" }
    }

    private struct Source: SampleSource {
        var rows = 0..<6
        var fingerprint: UInt64 = 17
        var transform = "evaluation"
        /// What pixels are multiplied by: another normalization.
        var scale: Float = 1

        var count: Int { 6 }
        var classCount: Int { 2 }
        var classNames: [String] { ["a", "b"] }

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
            if !rows.isEmpty { try body(batch(rows)) }
        }

        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch { batch(0..<size) }

        private func batch(_ rows: Range<Int>) -> SampleBatch {
            let images = randomTensor([6, 3, 8, 8], seed: 220).scaled(by: scale)
            return SampleBatch(
                images: images.rows(rows), labels: rows.map { $0 % 2 }, positions: Array(rows))
        }
    }

    /// The tensor that a method has after its preparation, on every rank, and what it said.
    ///
    /// - Parameters:
    ///   - headSeed: Another head would lead to another tensor; the key, which trusts the digest of the weights, does
    ///     not see it. So it shows whether the tensor was computed or read.
    private static func prepare(
        _ method: Method, _ folder: ScratchFolder, headSeed: UInt64, weights: String = "w",
        source: Source = Source(), goesOn: Bool = false, ranks: Int = 1, learning: CoTuning.Learning = .direct
    ) throws -> (tensors: [[Float]], notices: [String]) {
        let said = Mutex<[String]>([])
        let tensors = try ThreadedGroup.run(size: ranks) { group -> [Float] in
            let backbone = StagedNetwork.resNet(.resNet18, baseWidth: 8)
            backbone.initialize(seed: 1)
            let head = Linear(
                name: "fc", weight: randomTensor([4, 64], seed: headSeed), bias: randomTensor([4], seed: 222))
            var own = source
            own.rows = group.rank * 6 / ranks..<(group.rank + 1) * 6 / ranks
            let preparation = Preparation(
                backbone: backbone, weightsDigest: weights, training: own, validation: nil, group: group,
                seed: 0, directory: folder.path, goesOn: goesOn,
                say: { line in if group.rank == 0 { said.withLock { $0.append(line) } } })
            switch method {
            case .lwf:
                let lwf = LWF(head: head, tradeOff: 1, temperature: 2, trainsHead: false, headOnlyEpochs: 0)
                try lwf.prepare(preparation)
                #expect(lwf.state.isEmpty)
                return lwf.teacherLogits.elements
            case .coTuning:
                let coTuning = CoTuning(head: head, tradeOff: 1, learning: learning)
                try coTuning.prepare(preparation)
                #expect(coTuning.state.isEmpty)
                return coTuning.relationship.elements
            }
        }
        return (tensors, said.withLock { $0.filter { $0.hasPrefix("notice: ") } })
    }

    /// Checkpoints of earlier versions carry the tensors; what the run prepared stands.
    @Test func aStateOfAnEarlierVersionChangesNothing() throws {
        let head = Linear(
            name: "fc", weight: randomTensor([4, 64], seed: 1), bias: randomTensor([4], seed: 2))
        let lwf = LWF(head: head, tradeOff: 1, temperature: 2, trainsHead: false, headOnlyEpochs: 0)
        try lwf.restore([NamedTensor("teacher-logits", randomTensor([6, 4], seed: 3))])
        #expect(lwf.teacherLogits.elements.isEmpty)
        let coTuning = CoTuning(head: head, tradeOff: 1, learning: .direct)
        try coTuning.restore([NamedTensor("relationship", randomTensor([1, 1], seed: 3))])
        #expect(coTuning.relationship.elements.isEmpty)
    }

    @Test(arguments: Method.allCases, [1, 3])
    func whatTheFolderHasIsRead(method: Method, ranks: Int) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let first = try Self.prepare(method, folder, headSeed: 1, ranks: ranks)
        let again = try Self.prepare(method, folder, headSeed: 2, goesOn: true, ranks: ranks)
        #expect(first.notices.isEmpty && again.notices.isEmpty)
        #expect(Set(first.tensors + again.tensors).count == 1)
        // Another number of ranks reads it too.
        #expect(try Self.prepare(method, folder, headSeed: 2, ranks: 2).tensors[1] == first.tensors[0])
        // The control: without the file the other head gives something else.
        try FileManager.default.removeItem(atPath: folder.path + "/" + method.fileName)
        #expect(try Self.prepare(method, folder, headSeed: 2, ranks: ranks).tensors[0] != first.tensors[0])
    }

    /// A run that goes on says that it computes again; one that begins has nothing to miss.
    @Test(arguments: Method.allCases, [false, true])
    func whatIsMissingOrOfSomethingElseIsComputedAgain(method: Method, goesOn: Bool) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let missing = try Self.prepare(method, folder, headSeed: 1, goesOn: goesOn)
        #expect(missing.notices.count == (goesOn ? 1 : 0))
        #expect(missing.notices.allSatisfy { $0.contains("\(method.fileName) is missing; ") })
        let others: [(String, Source)] = [
            ("v", Source()), ("w", Source(fingerprint: 18)), ("w", Source(transform: "resize")),
            ("w", Source(scale: 2)),
        ]
        for (number, (weights, source)) in others.enumerated() {
            _ = try Self.prepare(method, folder, headSeed: 1)
            let before = try contents(folder.path + "/" + method.fileName)
            let found = try Self.prepare(
                method, folder, headSeed: 2, weights: weights, source: source, goesOn: goesOn)
            #expect(found.tensors != missing.tensors, "case \(number) was read")
            #expect(found.notices.count == (goesOn ? 1 : 0))
            #expect(found.notices.allSatisfy { $0.contains("was computed from ") }, "\(found.notices)")
            #expect(try contents(folder.path + "/" + method.fileName) != before)
        }
    }

    @Test(arguments: Method.allCases)
    func whatIsDamagedIsComputedAgainWithANotice(method: Method) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = folder.path + "/" + method.fileName
        _ = try Self.prepare(method, folder, headSeed: 1)
        let whole = try contents(path)
        // The lowest byte of the last number: still a distribution, to rounding.
        var changed = whole
        changed[changed.count - 4] ^= 1
        for damaged in [changed, Array(whole.dropLast(3)), Array(whole.prefix(20)), []] {
            try Data(damaged).write(to: URL(filePath: path))
            let found = try Self.prepare(method, folder, headSeed: 2, goesOn: true, ranks: 2)
            #expect(found.notices.count == 1)
            #expect(found.notices.allSatisfy { $0.contains("\(method.fileName) is damaged: ") }, "\(found)")
            let other = try ScratchFolder()
            defer { other.remove() }
            #expect(found.tensors == (try Self.prepare(method, other, headSeed: 2, ranks: 2).tensors))
        }
    }

    /// A run that was given a file must go on with the same.
    @Test func aGivenRelationshipThatChangedIsRefused() throws {
        let (folder, run) = (try ScratchFolder(), try ScratchFolder())
        defer {
            folder.remove()
            run.remove()
        }
        let file = folder.path + "/relationship.safetensors"
        _ = try Self.prepare(.coTuning, folder, headSeed: 1)
        let first = try Self.prepare(.coTuning, run, headSeed: 1, learning: .file(file))
        let same = try Self.prepare(.coTuning, run, headSeed: 1, goesOn: true, learning: .file(file))
        #expect(same.tensors == first.tensors && same.notices.isEmpty)
        try FileManager.default.removeItem(atPath: file)
        _ = try Self.prepare(.coTuning, folder, headSeed: 2)
        let failure = #expect(throws: CollectiveFailure.self) {
            try Self.prepare(.coTuning, run, headSeed: 1, goesOn: true, ranks: 2, learning: .file(file))
        }
        #expect(failure?.exitCode == 65)
        #expect(failure?.message.contains("\(file)") == true)
        #expect(failure?.message.contains("holds another relationship than the run began with") == true)
        // A run that begins takes what it is given.
        _ = try Self.prepare(.coTuning, run, headSeed: 1, learning: .file(file))
    }
}
