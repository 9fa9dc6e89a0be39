import Foundation
import ProcessGroups

/// Whether a command will be able to write its result, asked before hours of work and not after.
enum WriteAccess {
    /// Makes and removes an empty file where a result will be written.
    ///
    /// - Parameters:
    ///   - path: A file or folder that need not be there yet, nor the folders around it.
    ///   - problem: What to tell the user cannot be done.
    /// - Throws: `OutputError` (74) with the path, the problem and the system's reason.
    static func require(_ path: String, problem: String = "cannot be written") throws {
        let manager = FileManager.default
        var folder = URL(fileURLWithPath: path)
        var isDirectory: ObjCBool = false
        // A file that is there is written anew, in its folder.
        if manager.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
            folder.deleteLastPathComponent()
        }
        while !manager.fileExists(atPath: folder.path, isDirectory: &isDirectory), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        do {
            guard isDirectory.boolValue else { throw POSIXError(.ENOTDIR) }
            let probe = folder.appending(
                path: ".ballast-write-check-\(ProcessInfo.processInfo.processIdentifier)")
            try Data().write(to: probe, options: .withoutOverwriting)
            try manager.removeItem(at: probe)
        } catch {
            throw OutputError(path: path, problem: problem, underlying: error)
        }
    }
}
