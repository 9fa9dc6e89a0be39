internal import Foundation
internal import Hosts

/// The SHA-256 of a file's contents, to tell later whether a file is the one that was read before.
public struct FileDigest: Sendable, Hashable, CustomStringConvertible {
    /// 64 hexadecimal digits.
    public let description: String

    /// A digest that was written down: 64 lower-case hexadecimal digits, or nil.
    public init?(hexadecimal: String) {
        let isDigest =
            hexadecimal.utf8.count == 64
            && hexadecimal.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
        guard isDigest else { return nil }
        description = hexadecimal
    }

    /// Reads the whole file, in pieces.
    ///
    /// - Throws: What the system says where the file cannot be read.
    public init(ofFile path: String) throws {
        // Without O_NONBLOCK the system would wait for a writer of a pipe, which then has no bytes.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure() }
        // A device may have no end.
        guard status.st_mode & S_IFMT == S_IFREG else { throw POSIXError(.EINVAL) }
        try self.init(ofOpenFile: descriptor)
    }

    /// Reads a whole open file, in pieces; where its next bytes are read from stays as it is.
    ///
    /// - Throws: What the system says where the file cannot be read.
    package init(ofOpenFile descriptor: Int32) throws {
        var hash = SHA256()
        var (piece, offset) = ([UInt8](repeating: 0, count: 1 << 22), 0)
        while true {
            let count = pread(descriptor, &piece, piece.count, off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure() }
            guard count > 0 else { break }
            piece.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            offset += count
            WorkProgress.note()
        }
        self = hash.finalize()
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

    /// The digest of the given 32 bytes.
    init(_ bytes: [UInt8]) { description = bytes.map { String(format: "%02x", $0) }.joined() }
}
