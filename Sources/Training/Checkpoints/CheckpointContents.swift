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

        /// The bytes of the file.
        func serialized() -> [UInt8] {
            switch self {
            case .tensors(let writer): writer.serialized()
            case .bytes(let bytes): bytes
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

    private mutating func insert(_ name: String, _ content: Content) {
        precondition(CheckpointManifest.allows(fileName: name), "\"\(name)\" cannot name a file")
        precondition(files.allSatisfy { $0.name != name }, "two files named \"\(name)\"")
        files.append((name, content))
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
