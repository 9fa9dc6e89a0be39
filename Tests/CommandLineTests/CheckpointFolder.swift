import Foundation
import ModelFiles
import Tensors
import Testing

/// A checkpoint of a run, as others see it.
struct CheckpointFolder {
    let url: URL
    var step: Int { Int(url.lastPathComponent.dropFirst(5)) ?? 0 }

    /// The newest one in the folder of a run.
    static func newest(in run: URL) throws -> CheckpointFolder {
        let folder = run.appending(path: "checkpoints")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let newest = try #require(names.filter { $0.hasPrefix("step-") }.max())
        return CheckpointFolder(url: folder.appending(path: newest))
    }

    /// Its tensors.
    var state: SafetensorsFile {
        get throws { try SafetensorsFile(contentsOf: url.appending(path: "state.safetensors").path) }
    }

    /// Sets the tensors to zero whose names begin so, and makes the hashes right again.
    func clear(_ prefix: String) async throws {
        let state = try state
        var writer = SafetensorsWriter()
        for name in state.names {
            if let integers = try? state.integers(name), let shape = state.shape(of: name) {
                writer.add(name, integers: integers.map(Int64.init), shape: shape)
            } else {
                let tensor = try state.tensor(name)
                writer.add(name, name.hasPrefix(prefix) ? Tensor(repeating: 0, tensor.shape) : tensor)
            }
        }
        let manifest = url.appending(path: "manifest.json")
        let old = try await Self.digest(of: url.appending(path: "state.safetensors"))
        try writer.write(to: url.appending(path: "state.safetensors").path)
        let new = try await Self.digest(of: url.appending(path: "state.safetensors"))
        #expect(old != new)
        var text = try String(contentsOf: manifest, encoding: .utf8).replacing(old, with: new)
        let own = try #require(text.firstMatch(of: /"manifest-sha-256" : "([0-9a-f]{64})"/)).1
        let zeros = String(repeating: "0", count: 64)
        text = text.replacing(own, with: zeros)
        try Data(text.utf8).write(to: manifest)
        text = text.replacing(zeros, with: try await Self.digest(of: manifest))
        try Data(text.utf8).write(to: manifest)
    }

    private static func digest(of file: URL) async throws -> String {
        let outcome = try await BallastProcess.run(command: ["sha256sum", file.path])
        return String(outcome.output.prefix(64))
    }
}

extension URL {
    /// Whether there is a file or folder.
    var isThere: Bool { FileManager.default.fileExists(atPath: path) }
}
