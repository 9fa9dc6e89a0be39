internal import Foundation
internal import Hosts
public import ModelFiles
public import Tensors

/// What goes into a checkpoint: named files in memory, and what the manifest says beside them.
///
/// Tensors are held, not copied: those that training changes meanwhile are added as copies, with
/// `SafetensorsWriter.add(_:copyOf:)`.
public struct CheckpointContents: Sendable {
    /// Contents of one file.
    enum Content: Sendable {
        case tensors(SafetensorsWriter)
        case bytes([UInt8])
        case file(OpenFile)

        /// The bytes of the file.
        ///
        /// - Throws: `CheckpointError` where a file cannot be read.
        func serialized() throws(CheckpointError) -> [UInt8] {
            switch self {
            case .tensors(let writer): writer.serialized()
            case .bytes(let bytes): bytes
            case .file(let file): try file.bytes()
            }
        }
    }

    /// Steps done.
    public let step: Int
    /// Ranks of the run.
    public let worldSize: Int
    /// Strings of the caller, kept in the manifest.
    public let metadata: [String: String]
    /// Files in the order in which they were added.
    private(set) var files: [(name: String, content: Content)] = []

    /// Contents without files; a checkpoint needs at least one.
    ///
    /// - Parameters:
    ///   - step: Steps done; it names the checkpoint.
    ///   - worldSize: Ranks of the run.
    ///   - metadata: Strings for the manifest.
    public init(step: Int, worldSize: Int, metadata: [String: String] = [:]) {
        precondition(step >= 0 && worldSize >= 1, "step \(step) of \(worldSize) ranks")
        (self.step, self.worldSize, self.metadata) = (step, worldSize, metadata)
    }

    /// Adds a file of tensors. A name that is taken or that is not the name of a file traps.
    public mutating func add(_ name: String, _ tensors: SafetensorsWriter) { insert(name, .tensors(tensors)) }

    /// Adds a file of bytes. A name that is taken or that is not the name of a file traps.
    public mutating func add(_ name: String, bytes: [UInt8]) { insert(name, .bytes(bytes)) }

    /// Adds a copy of another file, which is opened now and read when the checkpoint is written: that it is
    /// replaced meanwhile, by renaming, changes nothing. A name that is taken or that is not the name of a file
    /// traps.
    ///
    /// - Throws: `CheckpointError` where it cannot be opened.
    public mutating func add(_ name: String, copyOfFile path: String) throws(CheckpointError) {
        insert(name, .file(try OpenFile(path)))
    }

    private mutating func insert(_ name: String, _ content: Content) {
        precondition(CheckpointManifest.allows(fileName: name), "\"\(name)\" cannot name a file")
        precondition(files.allSatisfy { $0.name != name }, "two files named \"\(name)\"")
        files.append((name, content))
    }
}

/// A file that stays what it is while its name goes to another one.
struct OpenFile: Sendable {
    private let path: String
    private let handle: FileHandle

    init(_ path: String) throws(CheckpointError) {
        self.path = path
        do {
            handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw CheckpointError(.inputOutput, path, "it cannot be opened: \(error.systemReason)")
        }
    }

    /// All bytes, whenever it is called.
    func bytes() throws(CheckpointError) -> [UInt8] {
        do {
            try handle.seek(toOffset: 0)
            return Array(try handle.readToEnd() ?? Data())
        } catch {
            throw CheckpointError(.inputOutput, path, "it cannot be read: \(error.systemReason)")
        }
    }
}

extension SafetensorsWriter {
    /// Adds the tensor's elements as they are now, whatever happens to the tensor until they are written.
    ///
    /// The copy comes from the pool of memory and goes back to it when the writer is gone, so that a copy of
    /// the same tensors later asks the system for nothing.
    public mutating func add(_ name: String, copyOf tensor: Tensor) {
        let copy = Tensor(tensor.shape) { _ in }
        copy.copy(from: tensor)
        add(name, copy)
    }
}
