internal import Foundation
internal import Hosts
internal import ModelFiles

/// An open regular file that is read from its beginning to its end, in pieces.
///
/// Devices and pipes are refused: their contents have no size that could be checked, and waiting for one that
/// nobody writes would never end.
final class RegularFile: Sendable {
    /// Its name, as it was given.
    let path: String
    /// What it was when it was opened.
    let identity: FileIdentity

    /// Bytes in a piece.
    static let pieceBytes = 1 << 20

    private let descriptor: Int32

    /// Opens a file.
    ///
    /// - Throws: `DataError`: `inputOutput` where the system cannot open it, `unsupported` where it is no regular
    ///   file.
    init(_ path: String) throws(DataError) {
        // Without O_NONBLOCK the system would wait for a writer of a pipe.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = Self.failure(path, "cannot be examined")
            close(descriptor)
            throw failure
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DataError(.unsupported, path: path, "is not a regular file; give the path of a file")
        }
        self.path = path
        identity = FileIdentity(status)
    }

    deinit { close(descriptor) }

    /// The next bytes, at most `count`; fewer only at the end of the file, none after it.
    func read(_ count: Int = pieceBytes) throws(DataError) -> [UInt8] {
        try bytes(count) { to, wanted, _ in Foundation.read(descriptor, to, wanted) }
    }

    /// The first bytes, at most `count`; what `read` gives next is as before.
    func start(_ count: Int) throws(DataError) -> [UInt8] { try read(count, at: 0) }

    /// The bytes at a place, at most `count`, none beyond the end; what `read` gives next is as before.
    func read(_ count: Int, at offset: Int) throws(DataError) -> [UInt8] {
        try bytes(count) { to, wanted, filled in pread(descriptor, to, wanted, off_t(offset + filled)) }
    }

    /// As many bytes as a system call gives, which is asked again until there are `count` or none come.
    private func bytes(
        _ count: Int, _ call: (_ to: UnsafeMutablePointer<UInt8>?, _ wanted: Int, _ filled: Int) -> Int
    ) throws(DataError) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = call(buffer.baseAddress?.advanced(by: filled), count - filled, filled)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failed = got < 0
                    return
                }
                filled += got
            }
        }
        guard !failed else { throw Self.failure(path, "cannot be read") }
        WorkProgress.note()
        return bytes
    }

    /// The hash of all bytes.
    func digest() throws -> FileDigest { try FileDigest(ofOpenFile: descriptor) }

    /// Whether there is anything at that path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether the path is a folder.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        defer { WorkProgress.note() }
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func failure(_ path: String, _ problem: String) -> DataError {
        DataError(.inputOutput, path: path, "\(problem): \(String(cString: strerror(errno)))")
    }
}
