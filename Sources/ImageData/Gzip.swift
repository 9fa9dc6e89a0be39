internal import CZlib

/// Unpacks gzip files (RFC 1952), one member or several in a row, and verifies their checksums.
enum Gzip {
    /// The first two bytes of every gzip file.
    static let magic: [UInt8] = [0x1F, 0x8B]

    private static let chunkBytes = 1 << 20

    /// What came of one call of `inflate`.
    private struct Progress {
        let code: Int32
        /// Bytes of the input that were used.
        let taken: Int
        /// Bytes of the output that were written.
        let given: Int
    }

    /// The bytes inside a gzip file.
    ///
    /// - Parameters:
    ///   - packed: The file.
    ///   - path: Its name, for messages.
    /// - Throws: `DataError` of kind `compression` where the file is cut off, damaged, or goes on after its
    ///   end with something else.
    static func unpack(_ packed: [UInt8], path: String) throws(DataError) -> [UInt8] {
        var stream = z_stream()
        guard czlib_inflate_gzip(&stream) == Z_OK else {
            throw DataError(.compression, path: path, "zlib cannot start: no memory")
        }
        defer { inflateEnd(&stream) }
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        var output: [UInt8] = []
        var position = 0
        while true {
            let progress = step(&stream, packed, from: position, into: &chunk)
            position += progress.taken
            output.append(contentsOf: chunk[..<progress.given])
            switch progress.code {
            case Z_OK: continue
            case Z_STREAM_END:
                if position == packed.count { return output }
                guard packed[position...].starts(with: magic) else {
                    throw DataError(
                        .compression, path: path,
                        "\(packed.count - position) bytes follow the end of the gzip data; copy the file again"
                    )
                }
                inflateReset(&stream)
            case Z_BUF_ERROR:
                throw DataError(
                    .compression, path: path,
                    "the gzip data end after \(packed.count) bytes, before their end mark: the file was cut "
                        + "off; copy it again")
            default:
                let message = stream.msg.map { String(cString: $0) } ?? "code \(progress.code)"
                throw DataError(
                    .compression, path: path,
                    "the gzip data are damaged near byte \(position) of \(packed.count): \(message); copy the "
                        + "file again")
            }
        }
    }

    private static func step(
        _ stream: inout z_stream, _ input: [UInt8], from position: Int, into chunk: inout [UInt8]
    ) -> Progress {
        input.withUnsafeBufferPointer { source in
            chunk.withUnsafeMutableBufferPointer { target in
                // zlib counts in 32 bits and only reads its input, whatever its declaration says.
                let offered = min(source.count - position, Int(Int32.max))
                let start = source.baseAddress.map { UnsafeMutablePointer(mutating: $0) }
                stream.next_in = start.map { $0 + position }
                stream.avail_in = UInt32(offered)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let code = inflate(&stream, Z_NO_FLUSH)
                return Progress(
                    code: code, taken: offered - Int(stream.avail_in),
                    given: target.count - Int(stream.avail_out))
            }
        }
    }
}
