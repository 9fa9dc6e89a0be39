internal import Foundation
import ModelFiles
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// `relationship.safetensors`, the table, and reading in words.
@Suite struct FileTests {
    private let names = ["plain", "with, comma", "with \"quotes\"", "line\r\nbreak", " blank", "Größe <&>"]

    private func made() throws -> Relationship {
        let samples = madeUpSamples(count: 30, classCount: 6, sourceClassCount: 4, seed: 5)
        return try Relationship.direct(
            logits: samples.logits, labels: samples.labels, classNames: names, group: SoloGroup())
    }

    @Test func filesComeBackAsWritten() throws {
        let folder = try ScratchFolder()
        let relationship = try made()
        try relationship.write(to: "\(folder.path)/relationship.safetensors")
        #expect(try folder.names == ["relationship.csv", "relationship.safetensors"])
        let read = try Relationship(
            contentsOf: "\(folder.path)/relationship.safetensors", classNames: names, sourceClassCount: 4)
        #expect(read.probabilities.elements == relationship.probabilities.elements)
        #expect(read.method == .direct && read.classNames == names)
        #expect(try folder.text(of: "relationship.csv") == relationship.table())
        let file = try SafetensorsFile(contentsOf: "\(folder.path)/relationship.safetensors")
        #expect(file.metadata["method"] == "direct")
        #expect(file.metadata["source-classes"] == "4")
        #expect(file.metadata["version"] == "1")
    }

    @Test func namesOfSourceClassesComeBackWhereThereAreSome() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/relationship.safetensors"
        var relationship = try made()
        try relationship.write(to: path)
        let unnamed = try Relationship(contentsOf: path)
        #expect(unnamed.sourceClassNames == nil)
        #expect(unnamed.words(count: 1)[0].hasPrefix("class plain looks like source class "))
        relationship.sourceClassNames = ["lynx", "wolf, grey", "fox \"red\"\n", "Eule"]
        try relationship.write(to: path)
        let named = try Relationship(contentsOf: path, classNames: names, sourceClassCount: 4)
        #expect(named.sourceClassNames == relationship.sourceClassNames)
        let words = named.words(count: 4)[0]
        for name in ["lynx ", "wolf, grey ", "Eule "] { #expect(words.contains(name), "\(words)") }
    }

    @Test func otherClassesAreRefused() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/relationship.safetensors"
        try made().write(to: path)
        var renamed = names
        renamed[1] = "other"
        expect("\"with, comma\" as target class 1, the data have \"other\"", path, renamed, 4)
        expect("is of 6 target classes, the data have 5", path, Array(names.dropLast()), 4)
        expect("shape [6, 4], expected [6, 7]", path, names, 7)
    }

    @Test func otherFilesAreRefused() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/file.safetensors"
        let good = [
            "kind": "relationship", "version": "1", "method": "direct", "class-names": "[\"a\",\"b\"]",
        ]
        func write(_ changes: [String: String?], _ elements: [Float]) throws {
            var metadata = good
            for (key, value) in changes { metadata[key] = value }
            var writer = SafetensorsWriter(metadata: metadata)
            writer.add("relationship", Tensor([2, 2], elements))
            try writer.write(to: path)
        }
        try write([:], [0.5, 0.5, 1, 0])
        _ = try Relationship(contentsOf: path, classNames: ["a", "b"], sourceClassCount: 2)
        try write(["kind": nil], [0.5, 0.5, 1, 0])
        expect("is not a relationship", path, ["a", "b"], 2)
        try write(["version": "2"], [0.5, 0.5, 1, 0])
        expect("version 2", path, ["a", "b"], 2)
        try write(["method": "guess"], [0.5, 0.5, 1, 0])
        expect("does not say its method", path, ["a", "b"], 2)
        try write(["class-names": "a, b"], [0.5, 0.5, 1, 0])
        expect("does not list its target classes", path, ["a", "b"], 2)
        for names in ["a, b", "[\"x\"]", "[\"x\",\"y\",\"z\"]", "[1,2]", ""] {
            try write(["source-class-names": names], [0.5, 0.5, 1, 0])
            expect("source-class-names are no list of 2 names", path, ["a", "b"], 2)
        }
        try write([:], [0.5, 0.5, 1, 1])
        expect("row of \"b\" is not a distribution", path, ["a", "b"], 2)
        try write([:], [1.5, -0.5, 1, 0])
        expect("row of \"a\" is not a distribution", path, ["a", "b"], 2)
        try write([:], [.nan, 0.5, 1, 0])
        expect("row of \"a\" is not a distribution", path, ["a", "b"], 2)
        #expect(throws: SafetensorsError.self) {
            try Relationship(
                contentsOf: folder.path + "/missing", classNames: ["a", "b"], sourceClassCount: 2)
        }
    }

    @Test func unwritablePlacesAreErrors() throws {
        let folder = try ScratchFolder()
        // A folder stands where the table should be.
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/r.csv", withIntermediateDirectories: true)
        let error = #expect(throws: RelationshipError.self) {
            try made().write(to: "\(folder.path)/r.safetensors")
        }
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains("r.csv: cannot be written") == true)
    }

    @Test func tablesQuoteWhatNeedsIt() throws {
        let table = try made().table()
        #expect(table.hasPrefix("class,0,1,2,3\nplain,0."))
        #expect(table.contains("\n\"with, comma\",0."))
        #expect(table.contains("\n\"with \"\"quotes\"\"\",0."))
        #expect(table.contains("\n\"line\r\nbreak\",0."))
        #expect(table.contains("\n\" blank\",0."))
        #expect(table.contains("\nGröße <&>,0."))
        #expect(table.hasSuffix("\n"))
    }

    @Test func tablesHoldEveryBit() throws {
        let relationship = try made()
        let plain = try #require(relationship.table().split(separator: "\n").dropFirst().first)
        let cells = plain.split(separator: ",").dropFirst().compactMap { Float($0) }
        #expect(cells == Array(relationship.probabilities.elements.prefix(4)))
    }

    @Test func nearestSourceClassesAreOrdered() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/file.safetensors"
        var writer = SafetensorsWriter(metadata: [
            "kind": "relationship", "version": "1", "method": "reverse", "class-names": "[\"a\",\"b\"]",
        ])
        writer.add("relationship", Tensor([2, 3], [0.25, 0.5, 0.25, 0, 0.25, 0.75]))
        try writer.write(to: path)
        let relationship = try Relationship(
            contentsOf: path, classNames: ["a", "b"], sourceClassCount: 3)
        #expect(relationship.method == .reverse)
        let nearest = relationship.nearestSourceClasses(count: 2)
        #expect(nearest.map(\.targetClass) == ["a", "b"])
        #expect(nearest.map { $0.sources.map(\.index) } == [[1, 0], [2, 1]])
        #expect(nearest.map { $0.sources.map(\.probability) } == [[0.5, 0.25], [0.75, 0.25]])
        #expect(relationship.nearestSourceClasses(count: 9)[0].sources.count == 3)
    }

    /// Expects reading to fail with a `RelationshipError` of code 65 that says this.
    private func expect(_ text: String, _ path: String, _ names: [String], _ sourceClassCount: Int) {
        let error = #expect(throws: RelationshipError.self) {
            try Relationship(contentsOf: path, classNames: names, sourceClassCount: sourceClassCount)
        }
        #expect(error?.description.contains(text) == true, "\(String(describing: error))")
        #expect(error?.exitCode == 65)
    }
}
