internal import Foundation
internal import Hosts
internal import ModelFiles

/// The one way by which checkpoints reach the disk: every failure of a system call becomes an error here.
struct Disk: Sendable {
    var calls: SystemCalls

    /// A file that is being written.
    struct OpenFile {
        let path: String
        let descriptor: Int
    }

    /// What one call to write and one step of the hash take, so that the bytes are still in the cache.
    private static let pieceBytes = 1 << 20

    /// Makes a folder and those above it that are missing. A folder that is there already is fine.
    func makeDirectories(_ path: String) throws(CheckpointError) {
        let made = repeated { calls.makeDirectory(path) }
        if made == -Int(EEXIST) { return }
        let parent = (path as NSString).deletingLastPathComponent
        if made == -Int(ENOENT), !parent.isEmpty, parent != path {
            try makeDirectories(parent)
            try check(repeated { calls.makeDirectory(path) }, path, "cannot make the folder")
        } else {
            try check(made, path, "cannot make the folder")
        }
        // Else a crash of the machine could lose the folder together with what was flushed into it.
        try flushDirectory(parent.isEmpty ? "." : parent)
    }

    /// Makes a folder that must not be there yet.
    func makeDirectory(_ path: String) throws(CheckpointError) {
        try check(repeated { calls.makeDirectory(path) }, path, "cannot make the folder")
    }

    /// Creates a file that must not be there yet.
    func create(_ path: String) throws(CheckpointError) -> OpenFile {
        OpenFile(
            path: path, descriptor: try check(repeated { calls.create(path) }, path, "cannot create the file")
        )
    }

    /// Appends all bytes to a file and to the hash of what was meant to be written.
    func append(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, hash: inout SHA256)
        throws(CheckpointError)
    {
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.pieceBytes, bytes.count)
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            hash.update(piece)
            var done = 0
            while done < piece.count {
                let rest = UnsafeRawBufferPointer(rebasing: piece[done...])
                let count = try check(
                    repeated { calls.write(file.descriptor, rest) }, file.path,
                    "cannot write byte \(start + done) of \(bytes.count)")
                guard count > 0 else {
                    throw CheckpointError(
                        .inputOutput, file.path, "the system takes no more bytes after \(start + done)")
                }
                done += count
            }
            start = end
        }
    }

    /// Waits until the contents of a file are on the disk.
    func flush(_ file: OpenFile) throws(CheckpointError) {
        try check(repeated { calls.flush(file.descriptor) }, file.path, "cannot flush the file to the disk")
    }

    /// Closes a file. Some network file systems tell only now that writing failed.
    func close(_ file: OpenFile) throws(CheckpointError) {
        let closed = calls.close(file.descriptor)
        // The descriptor is gone after an interruption too: closing again could hit another file.
        if closed != -Int(EINTR) { try check(closed, file.path, "cannot close the file") }
    }

    /// Waits until the names in a folder are on the disk.
    func flushDirectory(_ path: String) throws(CheckpointError) {
        let descriptor = try check(repeated { calls.openDirectory(path) }, path, "cannot open the folder")
        let flushed = repeated { calls.flush(descriptor) }
        _ = calls.close(descriptor)
        // Some file systems have no such call for folders, and need none.
        if flushed == -Int(EINVAL) || flushed == -Int(EOPNOTSUPP) { return }
        try check(flushed, path, "cannot flush the folder to the disk")
    }

    /// Renames a file or a folder.
    func rename(_ path: String, to target: String) throws(CheckpointError) {
        try check(
            repeated { calls.rename(path, target) }, target,
            "cannot rename \((path as NSString).lastPathComponent) to it")
    }

    /// Renames a file or a folder, or copies and removes it where the target is on another disk.
    func move(_ path: String, to target: String) throws(CheckpointError) {
        let renamed = repeated { calls.rename(path, target) }
        guard renamed == -Int(EXDEV) else {
            try check(
                renamed, target, "cannot rename \((path as NSString).lastPathComponent) to it")
            return
        }
        do {
            try FileManager.default.copyItem(atPath: path, toPath: target)
        } catch {
            throw CheckpointError(.inputOutput, target, "cannot copy \(path) to it: \(error.systemReason)")
        }
        try remove(path)
    }

    /// Removes a file or a folder with what is in it. What is not there is fine.
    func remove(_ path: String) throws(CheckpointError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw CheckpointError(.inputOutput, path, "cannot be removed: \(error.systemReason)")
        }
    }

    /// The value of a call, or an error that says what was attempted.
    @discardableResult
    func check(_ result: Int, _ path: String, _ problem: String) throws(CheckpointError) -> Int {
        guard result < 0 else { return result }
        throw CheckpointError(.inputOutput, path, problem, errorNumber: Int32(-result))
    }

    /// Calls again for as long as a signal interrupts it.
    func repeated(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result != -Int(EINTR) { return result }
        }
    }
}
