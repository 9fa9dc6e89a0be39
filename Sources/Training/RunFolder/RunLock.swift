internal import Foundation
internal import Hosts
internal import ProcessGroups

/// The right to write into the folder of a run: `.lock`, which one process holds at a time.
///
/// The system takes the lock back when the process ends, however it ends. The file says who holds it. Rank 0
/// alone has one, until its run is over; then the file goes.
public final class RunLock {
    private static let fileName = "/.lock"
    private static let holderStart = "process "

    private var directory: String
    private var descriptor: Int32
    /// Whether the folder was missing before.
    private let isNew: Bool

    /// Makes the folder if it is missing and takes its lock.
    ///
    /// - Parameters:
    ///   - directory: The folder of the run.
    ///   - say: Tells the user where the file system has no locks.
    /// - Throws: `RunDirectoryError`: 64 where another process has it or the folder holds what no run made, 74
    ///   where the folder cannot be used.
    public init(directory: String, say: (String) -> Void) throws {
        var status = stat()
        isNew = lstat(directory, &status) != 0
        do {
            guard isNew || stat(directory, &status) == 0 else { throw Obstacle.linkToNowhere }
            guard isNew || status.st_mode & S_IFMT == S_IFDIR else { throw Obstacle.file }
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            let reason = (error as? Obstacle)?.rawValue ?? error.systemReason
            throw RunDirectoryError("\(directory): cannot make the folder of the run: \(reason)")
        }
        self.directory = directory
        descriptor = try Self.take(directory, say)
        // Not before: what another run is just writing is none of this one's business.
        try RunFolderContents.requireOwn(directory)
        RunFolderContents.removeLeftovers(in: directory)
    }

    /// What stands where the folder would be made.
    private enum Obstacle: String, Error {
        case linkToNowhere =
            "it is a link that leads nowhere: make the folder that it leads to, or choose another output"
        case file = "it is a file, not a folder: choose another output"
    }

    deinit {
        unlink(directory + Self.fileName)
        close(descriptor)
        // Where nothing was written there was no run. A folder that somebody else made stays.
        if isNew { rmdir(directory) }
    }

    /// Takes the lock of a new folder of that name, after the folder itself was moved aside with its lock.
    ///
    /// - Throws: `RunDirectoryError`, as `init` does; the lock is kept then.
    func takeAgain(afterMovingTo aside: String) throws {
        let new = try Self.take(directory) { _ in }
        unlink(aside + Self.fileName)
        close(descriptor)
        descriptor = new
    }

    private static func take(_ directory: String, _ say: (String) -> Void) throws -> Int32 {
        let path = directory + fileName
        while true {
            let descriptor = try openFile(path)
            let problem = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
            if problem == EWOULDBLOCK {
                defer { close(descriptor) }
                let holder = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                throw RunDirectoryError(
                    "\(directory): another run writes there (\(holder.isEmpty ? "starting" : holder)): wait until it ends, stop it, or choose another output",
                    exitCode: ExitCode.wrongUse)
            }
            if problem != 0 {
                say(
                    ProgressDisplay.notice(
                        "\(path): this file system has no locks (\(String(cString: strerror(problem)))): see to it that no other run writes there"
                    ))
            } else if !isStill(descriptor, at: path) {
                // The process that had it has just ended and removed the file.
                close(descriptor)
                continue
            }
            let holder = Array((holderStart + "\(getpid()) on host \(HostName.current)").utf8)
            guard isOwn(descriptor) else {
                close(descriptor)
                throw RunDirectoryError(
                    "\(path): holds something that no run wrote: move it elsewhere, or choose another output",
                    exitCode: ExitCode.wrongUse)
            }
            if ftruncate(descriptor, 0) != 0 || write(descriptor, holder, holder.count) != holder.count {
                say(
                    ProgressDisplay.notice(
                        "\(path): cannot say who holds it: \(String(cString: strerror(errno)))"))
            }
            return descriptor
        }
    }

    /// Opens the file, or makes it. What it says is about to be replaced, so it must be no other name of a file
    /// somewhere else, and nothing that acts on what is written into it.
    private static func openFile(_ path: String) throws -> Int32 {
        let descriptor = open(
            path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o644)
        let reason = errno
        var status = stat()
        if descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_nlink <= 1
        {
            return descriptor
        }
        if descriptor >= 0 { close(descriptor) }
        guard descriptor >= 0 || reason == ELOOP else {
            throw RunDirectoryError("\(path): cannot be opened: \(String(cString: strerror(reason)))")
        }
        throw RunDirectoryError(
            "\(path): is a link, a device or a pipe, and the lock of a run is a file of its own: remove it, or choose another output",
            exitCode: ExitCode.wrongUse)
    }

    /// Whether an open file is empty, or says who held the lock.
    private static func isOwn(_ descriptor: Int32) -> Bool {
        var start = [UInt8](repeating: 0, count: holderStart.utf8.count)
        let count = pread(descriptor, &start, start.count, 0)
        return count <= 0 || holderStart.utf8.starts(with: start[..<count])
    }

    /// Whether an open file still has its name.
    private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
        var (own, named) = (stat(), stat())
        return fstat(descriptor, &own) == 0 && lstat(path, &named) == 0 && own.st_ino == named.st_ino
            && own.st_dev == named.st_dev
    }
}
