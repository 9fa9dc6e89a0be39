import Foundation

/// A folder for one test, removed with the last reference to it or by `remove()`.
///
/// In optimized builds that can be right after its last use: a test that goes on with a path alone says
/// `defer { folder.remove() }`, which names the folder to the end.
public final class ScratchFolder: Sendable {
    /// Where the folder is.
    public let url: URL

    /// The same as text.
    public var path: String { url.path }

    /// Creates an empty folder.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "ballast-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// Creates a folder with a configuration `run.yaml` in it.
    public convenience init(configuration: String) throws {
        try self.init()
        try write(Array(configuration.utf8), as: "run.yaml")
    }

    deinit { remove() }

    /// Removes the folder with what is in it; does nothing where it is gone.
    public func remove() { try? FileManager.default.removeItem(at: url) }

    /// Writes a file, and the folders that its name leads through, and returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], as name: String) throws -> String {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    /// An empty file, open for writing.
    public func handle(named name: String) throws -> FileHandle {
        try write([], as: name)
        return try FileHandle(forWritingTo: url.appending(path: name))
    }

    /// The text of a file.
    public func text(of name: String) throws -> String {
        try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }

    /// The files and folders in it, sorted.
    public var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}

/// All bytes of a file.
public func contents(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
}
