internal import Crypto
internal import Foundation

/// The SHA-256 of a file's contents in hexadecimal, to tell later which weights a run began with.
public struct FileDigest: Sendable, CustomStringConvertible {
    /// 64 hexadecimal digits.
    public let description: String

    /// Reads the whole file, in pieces.
    ///
    /// - Throws: What the system says where the file cannot be read.
    public init(ofFile path: String) throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var hash = SHA256()
        while let piece = try file.read(upToCount: 1 << 22), !piece.isEmpty { hash.update(data: piece) }
        description = hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
