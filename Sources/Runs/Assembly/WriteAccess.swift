internal import Foundation
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

/// Whether a command will be able to write its result, asked before hours of work and not after.
enum WriteAccess {
    /// Makes sure that a file can be written, and that it is none of those that are read for it.
    ///
    /// - Parameters:
    ///   - path: The file, as the user named it.
    ///   - inputs: What is read. A file that is replaced by what was made from it is lost.
    /// - Throws: `UsageError` (64) where it is one of them, a picture or a folder; `OutputError` (74) where it has no
    ///   folder; as `require` does.
    static func requireFile(_ path: String, apartFrom inputs: [String]) throws {
        try requireOther(path, than: inputs)
        guard case .replacing(let file) = OutputFile.way(named: path) else { return try require(path) }
        if file.hasSuffix("/") || isFolder(file) {
            throw UsageError("\(path): is a folder; give the name of a file")
        }
        guard !isPicture(file) else {
            throw UsageError("\(path): is a picture, which would be lost; write to another file")
        }
        try require(path)
        // Unlike the folder of a run, that of a file is not made.
        guard isFolder(URL(fileURLWithPath: file).deletingLastPathComponent().path) else {
            throw OutputError(path: path, underlying: POSIXError(.ENOENT))
        }
    }

    /// Makes sure that two results do not go into one file, which need not be there yet; its folder must be.
    ///
    /// - Throws: `UsageError` (64).
    static func requireDistinct(_ path: String, _ other: String) throws {
        let files = [path, other].map { name -> URL in
            switch OutputFile.way(named: name) {
            case .replacing(let file), .into(let file): return URL(fileURLWithPath: file)
            case .stream: return URL(fileURLWithPath: name)
            }
        }
        let folders = files.map { $0.deletingLastPathComponent().path }
        guard files[0].lastPathComponent == files[1].lastPathComponent, isSame(folders[0], folders[1]) else {
            return
        }
        throw UsageError("\(path): is where \(other) is written to as well; give each a file of its own")
    }

    /// Whether two names stand for the same file or folder.
    private static func isSame(_ path: String, _ other: String) -> Bool {
        var (one, another) = (stat(), stat())
        return stat(path, &one) == 0 && stat(other, &another) == 0 && one.st_ino == another.st_ino
            && one.st_dev == another.st_dev
    }

    /// Makes sure that what is written is none of the files that are read, under whatever name.
    ///
    /// - Throws: `UsageError` (64).
    static func requireOther(_ path: String, than inputs: [String]) throws {
        var own = stat()
        guard stat(path, &own) == 0, own.st_mode & S_IFMT == S_IFREG else { return }
        for input in inputs where isSame(path, input) {
            throw UsageError("\(path): is a file that is read for it, \(input); write to another one")
        }
    }

    /// Whether a file begins as JPEG or PNG does: it may be one of the data, and no command writes such files.
    private static func isPicture(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let start = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 4)
        else { return false }
        let signatures: [[UInt8]] = [[0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47]]
        return signatures.contains { start.starts(with: $0) }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

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
