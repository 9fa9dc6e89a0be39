internal import CZlib

extension ZipArchive {
    /// The contents of a file that is deflated or small; a stored one can be read where it lies.
    ///
    /// - Parameters:
    ///   - name: Of an entry.
    ///   - bytes: The archive.
    ///   - limit: Bytes that the contents may have.
    func contents(
        _ name: String, in bytes: UnsafeRawBufferPointer, limit: Int
    ) throws(WeightFileFailure) -> [UInt8] {
        guard let entry = entries[name] else {
            throw WeightFileFailure(.damaged, "has no file '\(name.excerpt)' in its ZIP archive")
        }
        guard entry.byteCount <= limit else {
            throw WeightFileFailure(
                .unsupported,
                "'\(name.excerpt)' in its ZIP archive takes \(entry.byteCount) bytes; at most \(limit) are read"
            )
        }
        let packed = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
        let contents = entry.isStored ? Array(packed) : try Self.inflated(packed, entry, name)
        try Self.verify(contents.withUnsafeBytes { Self.checksum($0) }, entry, name)
        return contents
    }

    /// Verifies the checksum of a stored file where it lies.
    func verifyStored(_ name: String, in bytes: UnsafeRawBufferPointer) throws(WeightFileFailure) {
        guard let entry = entries[name] else { return }
        try Self.verify(
            Self.checksum(UnsafeRawBufferPointer(rebasing: bytes[entry.range])), entry, name)
    }

    private static func verify(
        _ found: UInt32, _ entry: Entry, _ name: String
    ) throws(WeightFileFailure) {
        guard entry.checksum == 0 || entry.checksum == found else {
            throw WeightFileFailure(
                .damaged,
                "'\(name.excerpt)' in its ZIP archive does not agree with its checksum; copy the file again")
        }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let start = bytes.bindMemory(to: UInt8.self).baseAddress
        return UInt32(truncatingIfNeeded: crc32_z(0, start, bytes.count))
    }

    /// No deflated data are more than about a thousand times as large as they were packed; weights, which hardly
    /// pack at all, may be far less.
    private static let (largestRatio, smallCount) = (64, 16 << 20)

    private static func inflated(
        _ packed: UnsafeRawBufferPointer, _ entry: Entry, _ name: String
    ) throws(WeightFileFailure) -> [UInt8] {
        guard entry.byteCount <= smallCount || entry.byteCount / largestRatio <= packed.count,
            packed.count <= Int(UInt32.max), entry.byteCount <= Int(UInt32.max)
        else {
            throw WeightFileFailure(
                .unsupported,
                "'\(name.excerpt)' in its ZIP archive unpacks from \(packed.count) to \(entry.byteCount) bytes; no weights do"
            )
        }
        var stream = z_stream()
        guard czlib_inflate_raw(&stream) == Z_OK else {
            throw WeightFileFailure(.inputOutput, "cannot be unpacked: no memory")
        }
        defer { inflateEnd(&stream) }
        var code = Z_OK
        let contents = [UInt8](unsafeUninitializedCapacity: entry.byteCount) { target, filled in
            // zlib only reads its input, whatever its declaration says.
            stream.next_in = packed.bindMemory(to: UInt8.self).baseAddress.map {
                UnsafeMutablePointer(mutating: $0)
            }
            stream.avail_in = UInt32(packed.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            code = inflate(&stream, Z_FINISH)
            filled = target.count - Int(stream.avail_out)
        }
        guard code == Z_STREAM_END, contents.count == entry.byteCount else {
            throw WeightFileFailure(
                .damaged, "'\(name.excerpt)' in its ZIP archive cannot be unpacked; copy the file again")
        }
        return contents
    }
}
