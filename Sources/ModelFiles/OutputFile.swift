internal import Foundation
public import Hosts

/// How results reach the disk: whole, and where the user meant them to go.
///
/// A file that is there already is replaced in one step, so that a reader finds the old one or the new one. What a
/// user names may be something else, though: a device, a pipe that someone reads, a link to where the file lies. These
/// are written into, never replaced.
public enum OutputFile {
    /// What is done with the bytes for a name.
    public enum Way: Equatable, Sendable {
        /// They go to a new file, which then gets this name.
        case replacing(String)
        /// What has this name takes them: a device or a pipe.
        case into(String)
        /// An open file takes them, standard output or standard error: opened again it would begin anew, and what is
        /// printed later would overwrite it.
        case stream(Int32)
    }

    /// Where the bytes go for a name that the user gave.
    ///
    /// - Parameter path: The name; a link stands for what it leads to, which need not be there.
    public static func way(named path: String) -> Way {
        var (own, target) = (stat(), stat())
        guard lstat(path, &own) == 0 else { return .replacing(path) }
        let isLink = own.st_mode & S_IFMT == S_IFLNK
        let type = stat(path, &target) == 0 ? target.st_mode & S_IFMT : nil
        if isLink, type == S_IFREG || type == S_IFSOCK {
            for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
                var stream = stat()
                if fstat(descriptor, &stream) == 0, isSame(stream, target) { return .stream(descriptor) }
            }
        }
        if let type, type != S_IFREG, type != S_IFDIR { return .into(path) }
        guard isLink else { return .replacing(path) }
        // Neither links in a circle nor those of /proc to files without a name lead where they say.
        let destination = destination(of: path)
        var found = stat()
        let isFound = lstat(destination, &found) == 0
        return isFound == (type != nil) && (!isFound || isSame(found, target))
            ? .replacing(destination) : .into(path)
    }

    /// Whether a name that the user gave stands for a file, which others can lie beside.
    public static func isFile(named path: String) -> Bool {
        if case .replacing = way(named: path) { true } else { false }
    }

    /// Writes a file that the user named: see `way(named:)`.
    ///
    /// - Parameters:
    ///   - bytes: All of its contents.
    ///   - path: The name.
    /// - Throws: `OutputFileError`; a regular file that was there is as it was then.
    public static func write(_ bytes: [UInt8], named path: String) throws(OutputFileError) {
        switch way(named: path) {
        case .replacing(let target): try replace(target, with: bytes)
        case .stream(let descriptor): try append(bytes, to: descriptor, of: path, named: path)
        case .into(let target):
            let descriptor = open(target, O_WRONLY | O_TRUNC | O_NOCTTY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure(path, "cannot open it") }
            defer { close(descriptor) }
            try append(bytes, to: descriptor, of: path, named: path)
        }
    }

    /// Writes a file so that it is there completely or not at all; whatever had the name is replaced.
    ///
    /// The bytes go to a file beside `path`, reach the disk, and are then renamed. Who may read a file that was there
    /// may read the new one. One rank writes a path at a time.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - bytes: All of its contents.
    /// - Throws: `OutputFileError`; the file beside it is removed then.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(OutputFileError) {
        let staged = "\(path).partial-\(getpid())"
        // In a container the process before had the same number. What is new cannot be a link to something else.
        unlink(staged)
        let descriptor = open(staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, "cannot create \(staged)") }
        var isOpen = true
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            fchmod(descriptor, status.st_mode & 0o777)
        }
        do throws(OutputFileError) {
            try append(bytes, to: descriptor, of: path, named: staged)
            if fsync(descriptor) != 0 { throw failure(path, "cannot flush \(staged)") }
            isOpen = false
            if close(descriptor) != 0 { throw failure(path, "cannot close \(staged)") }
            if rename(staged, path) != 0 { throw failure(path, "cannot rename \(staged) to it") }
        } catch {
            if isOpen { close(descriptor) }
            unlink(staged)
            throw error
        }
    }

    private static func append(
        _ bytes: [UInt8], to descriptor: Int32, of path: String, named name: String
    ) throws(OutputFileError) {
        // A reader of a pipe that has gone is an error like any other, and not the end of the program.
        let action = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, action) }
        var (done, flushed) = (0, 0)
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(
                    descriptor, $0.baseAddress?.advanced(by: done), min($0.count - done, pieceBytes))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw failure(path, "cannot write byte \(done) of \(bytes.count) to \(name)")
            }
            done += count
            // The system takes more than a slow disk does, and one flush of all at the end would give no sign of life.
            // What cannot be flushed, such as a pipe, says so here, and what fails fails again at the end.
            if done - flushed >= bytesBetweenFlushes {
                fdatasync(descriptor)
                flushed = done
            }
            WorkProgress.note()
        }
    }

    private static let (pieceBytes, bytesBetweenFlushes) = (4 << 20, 64 << 20)

    /// What a chain of links leads to, whether or not it is there.
    private static func destination(of path: String) -> String {
        var path = path
        // As many as the system follows.
        for _ in 0..<40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { break }
            path = next.hasPrefix("/") ? next : (path as NSString).deletingLastPathComponent.joined(next)
        }
        return path
    }

    private static func isSame(_ one: stat, _ other: stat) -> Bool {
        one.st_ino == other.st_ino && one.st_dev == other.st_dev
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func failure(_ path: String, _ problem: String) -> OutputFileError {
        let number = errno
        let reason = String(cString: strerror(number)) + SystemAdvice.sentence(number)
        return OutputFileError(path: path, detail: "\(problem): \(reason)")
    }
}

extension String {
    /// A path relative to this folder, which is the current one where it is empty.
    fileprivate func joined(_ path: String) -> String { isEmpty ? path : "\(self)/\(path)" }
}

/// A result that could not be written.
public struct OutputFileError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// The file, as it was given.
    public let path: String
    /// What failed and why, without the path.
    public let detail: String
    /// 74: input or output.
    public var exitCode: Int32 { 74 }
    /// The path, then the detail.
    public var description: String { "\(path): cannot be written: \(detail)" }
}
