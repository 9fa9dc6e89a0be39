internal import Foundation

/// Files that people or this program write as text and that are read whole: never more than a limit, and never for
/// longer than a while.
package enum SmallFile {
    /// Why a file could not be read.
    package enum Problem: Error, Equatable, Sendable {
        /// There is nothing of that name.
        case missing
        /// Something of which bytes cannot be read, in words that follow "is".
        case ofAnotherKind(String)
        /// More bytes than the limit.
        case tooLarge(limit: Int)
        /// Whoever writes into a pipe did not end in time.
        case silent(seconds: Int)
        /// What the system said.
        case system(String)

        /// What was found, to follow the path and a colon.
        package var description: String {
            switch self {
            case .missing: "there is no such file"
            case .ofAnotherKind(let what): "is \(what)"
            case .tooLarge(let limit): "has more than \(limit) bytes"
            case .silent(let seconds): "is a pipe into which nobody wrote an end within \(seconds) seconds"
            case .system(let reason): "cannot be read: \(reason)"
            }
        }
    }

    /// Seconds that a pipe is waited for.
    private static let patience = 10

    /// All bytes of a file.
    ///
    /// - Parameters:
    ///   - path: The file; a link stands for what it leads to.
    ///   - limit: Bytes that it may have.
    ///   - takesStreams: Whether pipes and character devices, such as `/dev/stdin`, are read too.
    package static func read(
        _ path: String, limit: Int, takesStreams: Bool = false
    ) throws(Problem) -> (bytes: [UInt8], isStream: Bool) {
        // Without O_NONBLOCK the system would wait for a writer of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing : problem()
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw problem() }
        let isStream = try isStream(status, takesStreams: takesStreams)
        guard isStream || status.st_size <= limit else { throw .tooLarge(limit: limit) }
        return (try read(descriptor, limit: limit, isStream: isStream), isStream)
    }

    private static func isStream(_ status: stat, takesStreams: Bool) throws(Problem) -> Bool {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return false
        case S_IFDIR: throw .ofAnotherKind("a folder")
        case S_IFIFO, S_IFCHR:
            guard takesStreams else { throw .ofAnotherKind("a pipe or a device, not a regular file") }
            return true
        default: throw .ofAnotherKind("a device or a socket, not a regular file")
        }
    }

    private static func read(_ descriptor: Int32, limit: Int, isStream: Bool) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(patience)
        while bytes.count <= limit {
            var piece = [UInt8](repeating: 0, count: min(1 << 16, limit + 1 - bytes.count))
            let got = Foundation.read(descriptor, &piece, piece.count)
            if got < 0, errno == EINTR { continue }
            if got < 0, errno == EAGAIN, isStream {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let left = (deadline - .now) / .milliseconds(1)
                guard left > 0, poll(&waiting, 1, Int32(left)) != 0 else { throw .silent(seconds: patience) }
                continue
            }
            guard got >= 0 else { throw problem() }
            // A pipe that nobody has opened for writing ends at once.
            guard got > 0 else { return bytes }
            bytes += piece.prefix(got)
        }
        throw .tooLarge(limit: limit)
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func problem() -> Problem { .system(String(cString: strerror(errno))) }
}
