import ModelFiles
import Tensors
import TestSupport
import Testing

/// Weights in several safetensors files and their index.
@Suite struct ShardedSafetensorsTests {
    private func folder(_ index: String) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        var first = SafetensorsWriter()
        first.add("a", Tensor([2], [1, 2]))
        try first.write(to: folder.path + "/one.safetensors")
        var second = SafetensorsWriter()
        second.add("b", integers: [7], shape: [])
        try second.write(to: folder.path + "/two.safetensors")
        try folder.write(Array(index.utf8), as: "model.safetensors.index.json")
        return folder
    }

    @Test func tensorsComeFromTheirShards() throws {
        let folder = try folder(
            #"{"metadata": {"total_size": 16}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#
        )
        defer { folder.remove() }
        let file = try WeightFile.open(folder.path + "/model.safetensors.index.json")
        #expect(file.names == ["a", "b"] && file.shape(of: "a") == [2] && file.shape(of: "c") == nil)
        #expect(try file.tensor("a").elements == [1, 2])
        #expect(try file.integers("b") == [7] && file.holdsIntegers("b") && file.byteCount == 16)
        #expect(throws: WeightFileError.self) { try file.tensor("c") }
    }

    @Test(arguments: [
        ("../one.safetensors", "plain file name"), ("/etc/passwd", "plain file name"),
        ("..", "plain file name"), ("", "plain file name"), ("a\\\\b", "plain file name"),
        ("two.safetensors", "no such tensor"),
    ])
    func shardsLieBesideTheirIndex(_ shard: String, _ part: String) throws {
        let folder = try folder(#"{"weight_map": {"a": "\#(shard)"}}"#)
        defer { folder.remove() }
        let error = try #require(throws: WeightFileError.self) {
            try WeightFile.open(folder.path + "/model.safetensors.index.json")
        }
        #expect(error.exitCode == 65 && error.detail.contains(part), "\(error)")
    }

    @Test func aShardThatIsAbsentIsNamed() throws {
        let folder = try folder(#"{"weight_map": {"a": "three.safetensors"}}"#)
        defer { folder.remove() }
        let error = try #require(throws: SafetensorsError.self) {
            try WeightFile.open(folder.path + "/model.safetensors.index.json")
        }
        #expect(error.exitCode == 74 && error.path.hasSuffix("three.safetensors"))
    }

    /// Other weights in a shard are other weights, though the index is the same.
    @Test func theDigestIsThatOfAllShards() throws {
        let folder = try folder(#"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#)
        defer { folder.remove() }
        let index = folder.path + "/model.safetensors.index.json"
        let digest = try WeightFile.digest(index)
        #expect(try WeightFile.digest(index) == digest)
        var other = SafetensorsWriter()
        other.add("a", Tensor([2], [1, 3]))
        try other.write(to: folder.path + "/one.safetensors")
        #expect(try WeightFile.digest(index) != digest)
        let single = folder.path + "/one.safetensors"
        #expect(try WeightFile.digest(single) == FileDigest(ofFile: single))
    }
}
