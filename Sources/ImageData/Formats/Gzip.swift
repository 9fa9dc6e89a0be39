internal import CZlib

/// Unpacks gzip files (RFC 1952), one member or several in a row, and verifies their checksums. Zero bytes behind a
/// member, with which tapes and some programs fill up blocks, are passed over, as gzip and Python do.
enum Gzip {
    /// The first two bytes of every gzip file.
    static let magic: [UInt8] = [0x1F, 0x8B]

    /// What came of one call of `inflate`.
    private struct Progress {
        let code: Int32
        /// Bytes of the input that were used.
        let taken: Int
        /// Bytes of the output that were written.
        let given: Int
    }

    /// Unpacks a file piece by piece.
    ///
    /// - Parameters:
    ///   - file: The file, at its beginning.
    ///   - output: Takes the next bytes and says whether more are wanted.
    /// - Throws: `DataError` of kind `compression` where the file is cut off, damaged, or goes on after its
    ///   end with something else.
    static func unpack(
        _ file: RegularFile, to output: (ArraySlice<UInt8>) -> Bool
    ) throws(DataError) {
        var stream = z_stream()
        guard czlib_inflate_gzip(&stream) == Z_OK else {
            throw DataError(.compression, path: file.path, "zlib cannot start: no memory")
        }
        defer { inflateEnd(&stream) }
        var chunk = [UInt8](repeating: 0, count: RegularFile.pieceBytes)
        var input = try file.read()
        var (position, taken) = (0, 0)
        func refill() throws(DataError) {
            input = Array(input[position...]) + (try file.read())
            position = 0
        }
        while true {
            if position == input.count { try refill() }
            let progress = step(&stream, input, from: position, into: &chunk)
            position += progress.taken
            taken += progress.taken
            guard output(chunk[..<progress.given]) else { return }
            if progress.code == Z_OK { continue }
            guard progress.code == Z_STREAM_END else {
                throw failure(progress.code, stream, byte: taken, of: file)
            }
            // Another member may follow.
            let end = taken
            while true {
                while position < input.count, input[position] == 0 {
                    position += 1
                    taken += 1
                }
                if input.count - position >= magic.count { break }
                let left = input.count - position
                try refill()
                if input.count == left { break }
            }
            if position == input.count { return }
            guard input[position...].starts(with: magic) else {
                throw DataError(
                    .compression, path: file.path,
                    "\(file.identity.bytes - Int64(end)) bytes follow the end of the gzip data; copy the file "
                        + "again")
            }
            inflateReset(&stream)
        }
    }

    private static func failure(
        _ code: Int32, _ stream: z_stream, byte: Int, of file: RegularFile
    ) -> DataError {
        let size = file.identity.bytes
        // Without input left, inflate can go no further.
        guard code != Z_BUF_ERROR else {
            return DataError(
                .compression, path: file.path,
                "the gzip data end after \(size) bytes, before their end mark: the file was cut off; copy it "
                    + "again")
        }
        let message = stream.msg.map { String(cString: $0) } ?? "code \(code)"
        return DataError(
            .compression, path: file.path,
            "the gzip data are damaged near byte \(byte) of \(size): \(message); copy the file again")
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
