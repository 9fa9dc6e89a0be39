internal import Foundation
import ModelFiles
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// Relationships of one's own, and the file that keeps them.
@Suite struct CacheTests {
    private let names = ["a", "b"]
    private let key = RelationshipKey(weights: "w1", samples: "s1", transform: "evaluation")
    private let matrix = Tensor([2, 3], [0.25, 0.5, 0.25, 0, 0.25, 0.75])

    @Test func aMatrixIsARelationship() throws {
        let relationship = try Relationship(probabilities: matrix, classNames: names)
        #expect(relationship.method == .given && relationship.sourceClassCount == 3)
        #expect(
            relationship.targets(of: [1, 1, 0]).elements == [0, 0.25, 0.75, 0, 0.25, 0.75, 0.25, 0.5, 0.25])
        for row in [[0.5, 0.5, 0.5], [1.5, -0.5, 0], [.nan, 1, 0], [.infinity, 0, 0]] as [[Float]] {
            #expect(throws: RelationshipError.self) {
                try Relationship(probabilities: Tensor([2, 3], [1, 0, 0] + row), classNames: names)
            }
        }
    }

    /// Probabilities in batches from a closure, over ranks, against logits in one array.
    @Test(arguments: [1, 2, 3]) func anySourceOfProbabilitiesWillDo(size: Int) throws {
        let samples = madeUpSamples(count: 30, classCount: 4, sourceClassCount: 5, seed: 8)
        let expected = try direct(samples, numberedNames(4), size: 1)[0].probabilities
        let found = try ThreadedGroup.run(size: size) { group in
            let share = samples.share(group)
            return try Relationship.direct(
                classNames: numberedNames(4), sourceClassCount: 5, group: group
            ) { add in
                for row in share.labels.indices {
                    let probabilities = RowSoftmax(row: row, of: share.logits).probabilities.map(Float.init)
                    try add(Tensor([1, 5], probabilities), [share.labels[row]])
                }
            }
        }
        for relationship in found {
            #expect(largestDifference(relationship.probabilities, expected) <= 1e-6)
            #expect(relationship.probabilities.elements == found[0].probabilities.elements)
        }
    }

    @Test func errorsOfTheSourceReachEveryRank() throws {
        struct Damage: Error, CustomStringConvertible { let description = "no more images" }
        let messages = try ThreadedGroup.run(size: 2) { group in
            do {
                _ = try Relationship.direct(classNames: names, sourceClassCount: 3, group: group) { add in
                    if group.rank == 1 { throw Damage() }
                    try add(matrix, [0, 1])
                }
                return ""
            } catch let error as CollectiveFailure { return error.message }
        }
        #expect(messages.allSatisfy { $0.contains("no more images") })
    }

    private func cached(
        _ path: String, _ key: RelationshipKey, names: [String]? = nil, width: Int = 3,
        learned: @escaping () -> Void = {}, group: any ProcessGroup = SoloGroup()
    ) throws -> Relationship {
        try Relationship.cached(
            at: path, key: key, classNames: names ?? self.names, sourceClassCount: width, group: group
        ) {
            learned()
            return try Relationship(probabilities: matrix, classNames: self.names)
        }
    }

    @Test func theFileIsWrittenOnceAndReadAfterwards() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/r.safetensors"
        var count = 0
        for _ in 0..<3 {
            let relationship = try cached(path, key, learned: { count += 1 })
            #expect(relationship.probabilities.elements == matrix.elements && relationship.key == key)
        }
        #expect(count == 1)
        #expect(try folder.names == ["r.csv", "r.safetensors"])
        let everywhere = try ThreadedGroup.run(size: 3) { group in
            try cached(path, key, learned: { Issue.record("learned again") }, group: group)
                .probabilities.elements
        }
        #expect(everywhere.allSatisfy { $0 == matrix.elements })
    }

    @Test func anotherKeyIsRefused() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/r.safetensors"
        _ = try cached(path, key)
        func refusal(_ key: RelationshipKey, names: [String]? = nil, width: Int = 3) -> String {
            let error = #expect(throws: CollectiveFailure.self) {
                try cached(path, key, names: names, width: width)
            }
            #expect(error?.exitCode == 65)
            return error?.message ?? ""
        }
        #expect(
            refusal(.init(weights: "w2", samples: "s1", transform: "evaluation"))
                .contains("computed from other weights (w1 instead of w2)"))
        #expect(
            refusal(.init(weights: "w1", samples: "s2", transform: "evaluation"))
                .contains("other samples (s1 instead of s2)"))
        #expect(
            refusal(.init(weights: "w1", samples: "s1", transform: "resize"))
                .contains("other transform (evaluation instead of resize)"))
        #expect(refusal(key, names: ["a", "c"]).contains("the data have \"c\""))
        #expect(refusal(key, width: 4).contains("expected [2, 4]"))
        // The validation samples matter to the reverse method alone.
        _ = try cached(
            path, .init(weights: "w1", samples: "s1", validationSamples: "v", transform: "evaluation"))
    }

    @Test func damagedFilesAreRefused() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/r.safetensors"
        func write(_ changes: [String: String?], _ elements: [Float]) throws {
            var metadata = [
                "kind": "relationship", "version": "1", "method": "reverse", "class-names": "[\"a\",\"b\"]",
                "weights": "w1", "samples": "s1", "validation-samples": "v1", "transform": "evaluation",
            ]
            for (name, value) in changes { metadata[name] = value }
            var writer = SafetensorsWriter(metadata: metadata)
            writer.add("relationship", Tensor([2, 3], elements))
            try writer.write(to: path)
        }
        let key = RelationshipKey(
            weights: "w1", samples: "s1", validationSamples: "v1", transform: "evaluation")
        try write([:], matrix.elements)
        #expect(try cached(path, key).method == .reverse)
        let scaled = RelationshipKey(
            weights: "w1", samples: "s1", validationSamples: "v1", transform: "evaluation",
            sourceLogitScale: 0.5)
        let error = #expect(throws: CollectiveFailure.self) { try cached(path, scaled) }
        #expect(error?.message.contains("other source-logit-scale (none instead of 0.5)") == true)
        try write(["source-logit-scale": "0.5"], matrix.elements)
        #expect(try cached(path, scaled).key == scaled)
        let damages: [([String: String?], [Float], String)] = [
            (["version": "2"], matrix.elements, "version 2"),
            (["weights": nil], matrix.elements, "other weights (none instead of w1)"),
            (["validation-samples": "v2"], matrix.elements, "other validation-samples (v2 instead of v1)"),
            ([:], [0.25, 0.5, .nan, 0, 0.25, 0.75], "row of \"a\" is not a distribution"),
            ([:], [0.25, 0.5, 0.25, 0, 0.25, 0.5], "row of \"b\" is not a distribution"),
        ]
        for (changes, elements, text) in damages {
            try write(changes, elements)
            let error = #expect(throws: CollectiveFailure.self) { try cached(path, key) }
            #expect(error?.message.contains(text) == true, "\(String(describing: error))")
            #expect(error?.message.hasPrefix("\(path): ") == true)
        }
        try Data([1, 2, 3]).write(to: URL(filePath: path))
        #expect(throws: CollectiveFailure.self) { try cached(path, key) }
    }
}
