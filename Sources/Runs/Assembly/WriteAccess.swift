internal import Foundation
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

/// Whether a command will be able to write its result, asked before hours of work and not after.
enum WriteAccess {
    /// Makes and removes an empty file where a result will be written. A device or a pipe is not opened: whoever reads
    /// the pipe would take that for the end.
    ///
    /// - Parameters:
    ///   - path: A file or folder that need not be there yet, nor the folders around it.
    ///   - problem: What to tell the user cannot be done.
    /// - Throws: `OutputError` (74) with the path, the problem and the system's reason.
    static func require(_ path: String, problem: String = "cannot be written") throws {
        let manager = FileManager.default
        let target: String
        switch OutputFile.way(named: path) {
        case .replacing(let file): target = file
        case .into(let file):
            guard access(file, W_OK) == 0 else {
                let reason = POSIXError(.init(rawValue: errno) ?? .EACCES)
                throw OutputError(path: path, problem: problem, underlying: reason)
            }
            return
        case .stream: return
        }
        var folder = URL(fileURLWithPath: target)
        var isDirectory: ObjCBool = false
        // A file that is there is written anew, in its folder.
        if manager.fileExists(atPath: target, isDirectory: &isDirectory), !isDirectory.boolValue {
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
