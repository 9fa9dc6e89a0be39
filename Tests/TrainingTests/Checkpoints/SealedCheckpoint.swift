internal import Foundation
import ModelFiles

/// A checkpoint on the disk that a test changes in such a way that all its hashes hold.
struct SealedCheckpoint {
    let path: String
    /// What `manifest.json` says.
    var manifest: [String: Any]

    /// Strings of whoever wrote it.
    var metadata: [String: Any] {
        get { manifest["metadata"] as? [String: Any] ?? [:] }
        set { manifest["metadata"] = newValue }
    }

    init(_ path: String) throws {
        self.path = path
        let bytes = try Data(contentsOf: URL(filePath: path + "/manifest.json"))
        manifest = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] ?? [:]
    }

    /// Replaces a file, and what the manifest says of it.
    mutating func replaceFile(_ name: String, with bytes: [UInt8]) throws {
        try replace("\(path)/\(name)", with: bytes)
        let files = manifest["files"] as? [[String: Any]] ?? []
        manifest["files"] = try files.map { file in
            guard file["name"] as? String == name else { return file }
            let digest = try FileDigest(ofFile: "\(path)/\(name)").description
            return file.merging(["byte-count": bytes.count, "sha-256": digest]) { $1 }
        }
    }

    /// Writes the manifest with its own digest.
    func seal() throws {
        let file = path + "/manifest.json"
        let zeros = String(repeating: "0", count: 64)
        var sealed = manifest
        sealed["manifest-sha-256"] = zeros
        let text = String(
            decoding: try JSONSerialization.data(withJSONObject: sealed, options: .sortedKeys), as: UTF8.self)
        try replace(file, with: Array(text.utf8))
        try replace(
            file, with: Array(text.replacing(zeros, with: try FileDigest(ofFile: file).description).utf8))
    }
}
