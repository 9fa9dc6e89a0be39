import Tensors
import TestSupport
import Testing
import Training

/// Damage is noticed wherever it is, and the checkpoint before is taken.
@Suite struct DamageTests {
    private static let files = ["manifest.json", "model.safetensors", "position.bin"]

    /// Writes steps 1 and 2 and replaces a file of step 2 with each of the damaged ones in turn.
    private func expectRejection(
        of name: String, _ damage: ([UInt8]) -> [(label: String, bytes: [UInt8])]
    ) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        for step in 1...2 { try store.write(example(step: step)) }
        let path = try scratch.file(name, step: 2)
        let whole = try contents(path)
        let damaged = damage(whole)
        #expect(!damaged.isEmpty)
        for (label, bytes) in damaged {
            try replace(path, with: bytes)
            let (checkpoint, rejected) = try store.newestGood()
            #expect(checkpoint?.step == 1, "\(name), \(label)")
            #expect(
                rejected.map(\.name) == ["step-00000002"] && rejected.first?.reason.contains(name) == true)
            #expect(throws: CheckpointError.self) { try CheckpointStore.open(store.path(ofStep: 2)) }
        }
        try replace(path, with: whole)
        try expectExample(try store.newestGood().checkpoint, step: 2)
    }

    @Test(arguments: files) func truncation(name: String) throws {
        try expectRejection(of: name) { whole in
            let ends = Set(stride(from: 0, to: whole.count, by: 4096)).union([1, 7, 8, 9, whole.count - 1])
            return ends.sorted().map { ("cut to \($0) of \(whole.count) bytes", Array(whole[..<$0])) }
                + [("one byte more", whole + [0]), ("a line more", whole + [10])]
        }
    }

    /// The header of a safetensors file and its data: every 64th bit of the first kilobyte, then fewer.
    @Test(arguments: files.dropFirst()) func oneBitOfAFile(name: String) throws {
        try expectRejection(of: name) { whole in
            let positions =
                Array(0..<16) + Array(stride(from: 16, to: 1024, by: 37))
                + Array(stride(from: 1024, to: whole.count, by: 499)) + [whole.count - 1]
            return positions.map { flipped(whole, at: $0, bit: $0 % 8) }
        }
    }

    @Test func anyBitOfTheManifest() throws {
        try expectRejection(of: "manifest.json") { whole in
            whole.indices.map { flipped(whole, at: $0, bit: $0 % 8) }
        }
    }

    private func flipped(_ bytes: [UInt8], at position: Int, bit: Int) -> (String, [UInt8]) {
        var bytes = bytes
        bytes[position] ^= 1 << bit
        return ("bit \(bit) of byte \(position)", bytes)
    }

    @Test(arguments: files) func aMissingFile(name: String) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        for step in 1...2 { try store.write(example(step: step)) }
        try remove(scratch.file(name, step: 2))
        let (checkpoint, rejected) = try store.newestGood()
        try expectExample(checkpoint, step: 1)
        #expect(rejected.first?.reason.contains("step-00000002/\(name): it is missing") == true)
    }

    @Test func aFolderInAFilesPlace() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 2))
        try remove(scratch.file("position.bin", step: 2))
        try makeFolder(scratch.file("position.bin", step: 2))
        let (checkpoint, rejected) = try scratch.store().newestGood()
        #expect(checkpoint == nil && rejected.first?.reason.contains("not a regular file") == true)
    }

    /// Whatever else the manifest says; an older one is no better than a newer one.
    @Test(arguments: [0, 1, 3, 11]) func anotherVersion(version: Int) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for step in 1...2 { try scratch.store().write(example(step: step)) }
        let path = try scratch.file("manifest.json", step: 2)
        let text = String(decoding: try contents(path), as: UTF8.self)
        for other in [
            "{\"format-version\": \(version), \"parts\": []}",
            text.replacing("\"format-version\" : 2", with: "\"format-version\" : \(version)"),
        ] {
            #expect(other != text)
            try replace(path, with: Array(other.utf8))
            let (checkpoint, rejected) = try scratch.store().newestGood()
            try expectExample(checkpoint, step: 1)
            #expect(
                rejected.first?.reason.contains(
                    "format version \(version), and this program reads format version 2") == true
            )
        }
    }

    @Test(arguments: ["", "{", "[]", "null", "{}", "{\"format-version\": 2}", "{\"format-version\": \"2\"}"])
    func somethingElseInTheManifestsPlace(text: String) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 2))
        try replace(scratch.file("manifest.json", step: 2), with: Array(text.utf8))
        let (checkpoint, rejected) = try scratch.store().newestGood()
        #expect(checkpoint == nil && rejected.count == 1)
        let error = #expect(throws: CheckpointError.self) {
            try CheckpointStore.open(scratch.store().path(ofStep: 2))
        }
        #expect(error?.kind == .damaged && error?.exitCode == 65)
    }

    @Test func theNameOfAnotherStep() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        for step in 1...2 { try store.write(example(step: step)) }
        #expect(SystemCalls.system.rename(store.path(ofStep: 2), store.path(ofStep: 7)) == 0)
        let (checkpoint, rejected) = try store.newestGood()
        try expectExample(checkpoint, step: 1)
        #expect(rejected.first?.reason.contains("its name says step 7, its manifest step 2") == true)
    }

    @Test func filesOfAnotherStep() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for step in 1...2 { try scratch.store().write(example(step: step)) }
        let old = try contents(scratch.file("position.bin", step: 1))
        try replace(scratch.file("position.bin", step: 2), with: old)
        let (checkpoint, rejected) = try scratch.store().newestGood()
        #expect(checkpoint?.step == 1 && rejected.first?.reason.contains("SHA-256 differs") == true)
    }

    @Test func everyReasonIsGivenNewestFirst() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for step in 1...4 { try scratch.store().write(example(step: step)) }
        try remove(scratch.file("manifest.json", step: 4))
        try replace(scratch.file("position.bin", step: 3), with: [])
        let (checkpoint, rejected) = try scratch.store().newestGood()
        try expectExample(checkpoint, step: 2)
        #expect(rejected.map(\.name) == ["step-00000004", "step-00000003"])
    }

    @Test func whatTheManifestDoesNotNameIsIgnored() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 2))
        try replace(scratch.file("note.txt", step: 2), with: [1])
        for name in ["step-9", "step-0000000x", "step--0000009", ".staging-step-00000009-1", "old"] {
            try makeFolder(scratch.directory + "/" + name)
        }
        let (checkpoint, rejected) = try scratch.store().newestGood()
        try expectExample(checkpoint, step: 2)
        #expect(rejected.isEmpty)
    }
}
