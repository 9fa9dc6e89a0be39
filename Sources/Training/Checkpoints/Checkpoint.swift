internal import Foundation
internal import Hosts
public import ModelFiles
internal import Tensors

/// A checkpoint on the disk whose files were found to be what they were when they were written.
public struct Checkpoint: Sendable {
    /// The folder.
    public let path: String
    /// Steps done.
    public var step: Int { manifest.step }
    /// Ranks of the run that wrote it.
    public var worldSize: Int { manifest.worldSize }
    /// Version of the program that wrote it.
    public var ballastVersion: String { manifest.ballastVersion }
    /// Strings of whoever wrote it.
    public var metadata: [String: String] { manifest.metadata }
    /// Names of its files.
    public var fileNames: [String] { manifest.files.map(\.name) }
    /// Bytes of its files together.
    public var byteCount: Int { manifest.files.reduce(0) { $0 + $1.byteCount } }

    private let manifest: CheckpointManifest

    /// How far a checkpoint is examined.
    enum Examination {
        /// The manifest, and the sizes of the files.
        case sizes
        /// The contents of the files too.
        case contents
    }

    /// Examines a checkpoint. Files that its manifest does not name are ignored.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - examination: How far to look.
    /// - Throws: `CheckpointError` for the first thing that is wrong.
    init(path: String, examining examination: Examination) throws(CheckpointError) {
        self.path = path
        let manifestPath = "\(path)/\(CheckpointManifest.fileName)"
        guard try Self.size(of: manifestPath) <= Self.largestManifest else {
            throw CheckpointError(.damaged, manifestPath, "it is too large for a manifest")
        }
        manifest = try CheckpointManifest(Self.contents(of: manifestPath), path: manifestPath)
        if let step = CheckpointName.step(visible: (path as NSString).lastPathComponent),
            step != manifest.step
        {
            throw CheckpointError(
                .damaged, path, "its name says step \(step), its manifest step \(manifest.step)")
        }
        for file in manifest.files {
            try Self.check(file, at: "\(path)/\(file.name)", examination)
        }
    }

    /// A file of tensors.
    ///
    /// - Throws: `CheckpointError` where there is none of that name, `SafetensorsError` where it holds
    ///   something else.
    public func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(contentsOf: filePath(name))
    }

    /// The bytes of a file.
    ///
    /// - Throws: `CheckpointError`.
    public func bytes(_ name: String) throws(CheckpointError) -> [UInt8] {
        try Self.contents(of: filePath(name))
    }

    private func filePath(_ name: String) throws(CheckpointError) -> String {
        guard fileNames.contains(name) else {
            throw CheckpointError(
                .damaged, path,
                "it holds no \"\(name)\", only \(fileNames.sorted().joined(separator: ", "))")
        }
        return "\(path)/\(name)"
    }

    private static let largestManifest = 64 << 20

    private static func check(
        _ file: CheckpointManifest.File, at path: String, _ examination: Examination
    ) throws(CheckpointError) {
        let size = try size(of: path)
        guard size == file.byteCount else {
            throw CheckpointError(
                .damaged, path, "it has \(size) bytes, and \(file.byteCount) were written")
        }
        guard examination == .contents else { return }
        let digest: FileDigest
        do {
            digest = try FileDigest(ofFile: path)
        } catch {
            throw CheckpointError(.inputOutput, path, "it cannot be read: \(error.systemReason)")
        }
        guard digest.description == file.digest else {
            throw CheckpointError(
                .damaged, path, "its contents changed after they were written (SHA-256 differs)")
        }
    }

    /// The size of a regular file: opening anything else could wait for ever.
    private static func size(of path: String) throws(CheckpointError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let number = errno
            guard number == ENOENT else {
                throw CheckpointError(.inputOutput, path, "it cannot be examined", errorNumber: number)
            }
            throw CheckpointError(.damaged, path, "it is missing")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CheckpointError(.damaged, path, "it is not a regular file")
        }
        return Int(status.st_size)
    }

    private static func contents(of path: String) throws(CheckpointError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw CheckpointError(.inputOutput, path, "it cannot be read: \(error.systemReason)")
        }
    }
}
