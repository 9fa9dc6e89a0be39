internal import Foundation

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
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var hash = SHA256()
        while let piece = try file.read(upToCount: 1 << 22), !piece.isEmpty {
            piece.withUnsafeBytes { hash.update($0) }
        }
        self = hash.finalize()
    }

    /// The digest of the given 32 bytes.
    init(_ bytes: [UInt8]) { description = bytes.map { String(format: "%02x", $0) }.joined() }
}
