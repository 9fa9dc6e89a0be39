import Layers
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// `CoTuning.Learning.file`: what an earlier run wrote is used, if it was computed from the same.
@Suite struct RelationshipFileLearningTests {
    private struct Source: SampleSource {
        var count: Int { 6 }
        var classCount: Int { 2 }
        var classNames: [String] { ["a", "b"] }
        var fingerprint: UInt64 = 17
        var transform = "evaluation"

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
            try body(try shuffledBatch(0, size: 6))
        }

        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            SampleBatch(
                images: randomTensor([6, 3, 8, 8], seed: 220), labels: [0, 1, 0, 1, 1, 0],
                positions: Array(0..<6))
        }
    }

    private let backbone: any Backbone
    private let head: Linear

    init() {
        backbone = StagedNetwork.resNet(.resNet18, baseWidth: 8)
        backbone.initialize(seed: 1)
        head = Linear(
            name: "fc", weight: randomTensor([4, 64], seed: 221), bias: randomTensor([4], seed: 222))
    }

    private func preparation(
        _ folder: ScratchFolder, weights: String = "w", sourceNames: [String]? = nil,
        _ source: Source = Source()
    ) -> Preparation {
        Preparation(
            backbone: backbone, weightsDigest: weights, sourceClassNames: sourceNames, training: source,
            validation: nil, group: SoloGroup(), seed: 0, directory: folder.path, say: { _ in })
    }

    @Test func theFileOfAnEarlierRunIsUsed() throws {
        let (first, second) = (try ScratchFolder(), try ScratchFolder())
        let learned = CoTuning(head: head, tradeOff: 1, learning: .direct)
        try learned.prepare(preparation(first))
        let expected = learned.relationship.elements
        // Learned anew, it would be another one.
        head.weight.variable.assign(randomTensor([4, 64], seed: 223))
        let reused = CoTuning(
            head: head, tradeOff: 1, learning: .file(first.path + "/relationship.safetensors"))
        try reused.prepare(preparation(second))
        #expect(reused.relationship.elements == expected)
        #expect(try second.names == ["relationship.csv", "relationship.safetensors"])
        #expect(try second.text(of: "relationship.csv") == first.text(of: "relationship.csv"))
    }

    /// A later run has the names of the file, whether it knows them itself or not.
    @Test func theFileHasTheNamesOfTheSourceClasses() throws {
        let (first, second) = (try ScratchFolder(), try ScratchFolder())
        let names = ["lynx", "wolf", "fox", "owl"]
        try CoTuning(head: head, tradeOff: 1, learning: .direct).prepare(
            preparation(first, sourceNames: names))
        let path = first.path + "/relationship.safetensors"
        #expect(try Relationship(contentsOf: path).sourceClassNames == names)
        try CoTuning(head: head, tradeOff: 1, learning: .file(path)).prepare(preparation(second))
        #expect(
            try Relationship(contentsOf: second.path + "/relationship.safetensors").sourceClassNames
                == names)
    }

    @Test func aFileOfOtherThingsIsRefused() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/relationship.safetensors"
        try CoTuning(head: head, tradeOff: 1, learning: .direct).prepare(preparation(folder))
        let cases: [(Preparation, String)] = [
            (preparation(folder, weights: "v"), "other weights (w instead of v)"),
            (preparation(folder, Source(fingerprint: 18)), "other samples (11 instead of 12)"),
            (preparation(folder, Source(transform: "resize")), "other transform"),
        ]
        for (preparation, text) in cases {
            let error = #expect(throws: CollectiveFailure.self) {
                try CoTuning.learn(.file(path), head: head, preparation)
            }
            #expect(error?.message.contains(text) == true, "\(String(describing: error))")
            #expect(error?.exitCode == 65)
        }
    }
}
