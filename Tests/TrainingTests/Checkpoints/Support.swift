internal import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing
import Training

/// A folder for one test with a store in it.
struct Scratch {
    let folder: ScratchFolder
    var path: String { folder.path }
    /// The folder of the checkpoints; not there before the first write.
    var directory: String { path + "/runs/example/checkpoints" }

    init() throws { folder = try ScratchFolder() }

    /// Called in a `defer`, so that the folder is there to the end of its test.
    func remove() { folder.remove() }

    func store(
        keep: Int = 3, faults: String = "", calls: SystemCalls = .system
    ) throws -> CheckpointStore {
        CheckpointStore(
            directory: directory, keep: keep, ballastVersion: "1.2.3",
            faults: try FaultSchedule(parsing: faults),
            calls: calls)
    }

    /// Names in the folder of the checkpoints, hidden ones too.
    func names() throws -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    /// The path of a file of a checkpoint.
    func file(_ name: String, step: Int) throws -> String { try store().path(ofStep: step) + "/" + name }
}

/// Contents whose every byte is a function of step and variant.
func example(step: Int, variant: Float = 0) -> CheckpointContents {
    var contents = CheckpointContents(
        step: step, worldSize: 3, metadata: ["best": "\(step / 2)", "ä": "\"\n"])
    var model = SafetensorsWriter(metadata: ["kind": "model"])
    model.add("head.weight", Tensor([40, 64], (0..<2560).map { Float($0 + step) + variant }))
    model.add("head.bias", Tensor([40], (0..<40).map { Float(-$0) * 0.5 }))
    contents.add("model.safetensors", model)
    contents.add("position.bin", bytes: (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ step) })
    return contents
}

/// Expects a checkpoint to hold `example(step:variant:)`.
func expectExample(
    _ checkpoint: Checkpoint?, step: Int, variant: Float = 0,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let checkpoint = try #require(checkpoint, sourceLocation: sourceLocation)
    #expect(checkpoint.step == step && checkpoint.worldSize == 3, sourceLocation: sourceLocation)
    let model = try checkpoint.file("model.safetensors")
    let weight = try model.tensor("head.weight")
    #expect(weight.shape == [40, 64], sourceLocation: sourceLocation)
    #expect(
        weight.elements == (0..<2560).map { Float($0 + step) + variant }, sourceLocation: sourceLocation)
    #expect(
        try checkpoint.bytes("position.bin")
            == (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ step) },
        sourceLocation: sourceLocation)
}

func replace(_ path: String, with bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
}

func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
