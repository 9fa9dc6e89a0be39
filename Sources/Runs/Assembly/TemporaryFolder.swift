internal import Foundation

/// A folder that is there while it is used.
enum TemporaryFolder {
    /// Makes an empty folder, and removes it with what was written into it.
    static func use<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ballast-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }
}
