/// The table of contents of a ZIP archive in memory (PKWARE's APPNOTE 6.3), ZIP64 included.
///
/// What the central directory says of each file is checked against the archive: names, sizes and places.
struct ZipArchive: Sendable {
    /// A file of the archive.
    struct Entry: Sendable, Equatable {
        /// Of its bytes as they lie in the archive.
        let range: Range<Int>
        /// Bytes once they are unpacked.
        let byteCount: Int
        /// Whether the bytes are stored as they are, and not deflated.
        let isStored: Bool
        /// CRC-32 of the contents; 0 where the writer left it out, as PyTorch does if told to.
        let checksum: UInt32
    }

    /// By name.
    let entries: [String: Entry]

    /// The first bytes of every archive that holds a file.
    static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    private static let endRecordBytes = 22
    private static let centralRecordBytes = 46
    private static let localRecordBytes = 30

    /// Reads the central directory.
    init(_ bytes: UnsafeRawBufferPointer) throws(WeightFileFailure) {
        let reader = LittleEndianBytes(bytes)
        let directory = try Self.directory(reader)
        var entries: [String: Entry] = [:]
        var position = directory.start
        for _ in 0..<directory.count {
            guard directory.end - position >= Self.centralRecordBytes,
                reader.word(at: position) == 0x0201_4B50
            else { throw Self.damaged("its list of files is damaged at byte \(position)") }
            let (name, entry, next) = try Self.entry(reader, at: position, before: directory.start)
            guard next <= directory.end else { throw Self.damaged("its list of files is cut off") }
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw Self.damaged("it holds '\(name.excerpt)' twice")
            }
            position = next
        }
        self.entries = entries
    }

    private static func damaged(_ problem: String) -> WeightFileFailure {
        WeightFileFailure(.damaged, "is a ZIP archive, but \(problem); copy the file again")
    }

    /// Where the list of files lies, and how many there are.
    private static func directory(
        _ reader: LittleEndianBytes
    ) throws(WeightFileFailure) -> (start: Int, end: Int, count: Int) {
        // A comment of at most 65535 bytes may follow the record.
        var end = reader.count - endRecordBytes
        let first = max(0, end - 0xFFFF)
        while end >= first, reader.word(at: end) != 0x0605_4B50 { end -= 1 }
        guard end >= first, end >= 0 else {
            throw damaged("it has no end: the file was cut off")
        }
        var (count, size) = (Int(reader.half(at: end + 10)), Int(reader.word(at: end + 12)))
        var start = Int(reader.word(at: end + 16))
        var limit = end
        let locator = end - 20
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF,
            locator >= 0, reader.word(at: locator) == 0x0706_4B50
        {
            guard let record = reader.index(at: locator + 8), record <= locator - 56,
                reader.word(at: record) == 0x0606_4B50, let wideCount = reader.index(at: record + 32),
                let wideSize = reader.index(at: record + 40), let wideStart = reader.index(at: record + 48)
            else { throw damaged("its 64-bit end record is damaged") }
            (count, size, start, limit) = (wideCount, wideSize, wideStart, record)
        }
        let (directoryEnd, overflow) = start.addingReportingOverflow(size)
        guard !overflow, directoryEnd <= limit, count <= size / centralRecordBytes else {
            throw damaged("its end record does not fit the file's \(reader.count) bytes: it was cut off")
        }
        return (start, directoryEnd, count)
    }

    /// One line of the list, and where the next begins.
    private static func entry(
        _ reader: LittleEndianBytes, at position: Int, before dataEnd: Int
    ) throws(WeightFileFailure) -> (name: String, entry: Entry, next: Int) {
        let nameStart = position + centralRecordBytes
        let nameEnd = nameStart + Int(reader.half(at: position + 28))
        let extraEnd = nameEnd + Int(reader.half(at: position + 30))
        let next = extraEnd + Int(reader.half(at: position + 32))
        guard next <= reader.count else { throw damaged("its list of files is cut off") }
        let name = reader.text(nameStart..<nameEnd)
        let (flags, method) = (reader.half(at: position + 8), reader.half(at: position + 10))
        guard flags & 1 == 0, method == 0 || method == 8 else {
            throw WeightFileFailure(
                .unsupported,
                "is a ZIP archive whose file '\(name.excerpt)' is encrypted or packed by method \(method); expected stored or deflated files, as torch.save writes"
            )
        }
        let (packed, unpacked, local) = try wideSizes(reader, at: position, extra: nameEnd..<extraEnd)
        guard local <= dataEnd - localRecordBytes, reader.word(at: local) == 0x0403_4B50 else {
            throw damaged("'\(name.excerpt)' does not begin where the list of files says")
        }
        let start =
            local + localRecordBytes + Int(reader.half(at: local + 26)) + Int(reader.half(at: local + 28))
        let (end, overflow) = start.addingReportingOverflow(packed)
        guard !overflow, end <= dataEnd, method != 0 || packed == unpacked else {
            throw damaged("'\(name.excerpt)' does not fit into it: the file was cut off")
        }
        return (
            name,
            Entry(
                range: start..<end, byteCount: unpacked, isStored: method == 0,
                checksum: reader.word(at: position + 16)), next
        )
    }

    /// Packed and unpacked size and place of a file, where they need 64 bits from the field of number 1.
    private static func wideSizes(
        _ reader: LittleEndianBytes, at position: Int, extra: Range<Int>
    ) throws(WeightFileFailure) -> (packed: Int, unpacked: Int, local: Int) {
        var unpacked = Int(reader.word(at: position + 24))
        var packed = Int(reader.word(at: position + 20))
        var local = Int(reader.word(at: position + 42))
        var field = extra.lowerBound
        while field + 4 <= extra.upperBound {
            let end = field + 4 + Int(reader.half(at: field + 2))
            guard end <= extra.upperBound else { break }
            if reader.half(at: field) == 1 {
                var next = field + 4
                func wide(_ value: inout Int) throws(WeightFileFailure) {
                    guard value == 0xFFFF_FFFF else { return }
                    guard next + 8 <= end, let index = reader.index(at: next) else {
                        throw damaged("a 64-bit size in its list of files is damaged")
                    }
                    value = index
                    next += 8
                }
                try wide(&unpacked)
                try wide(&packed)
                try wide(&local)
            }
            field = end
        }
        return (packed, unpacked, local)
    }
}

/// Bytes read as little-endian numbers; positions must lie within them.
struct LittleEndianBytes {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var count: Int { bytes.count }

    func half(at position: Int) -> UInt16 {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt16.self))
    }

    func word(at position: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// 64 bits without a sign; nil where they are above 2^63 or outside.
    func index(at position: Int) -> Int? {
        guard position >= 0, position <= bytes.count - 8 else { return nil }
        return Int(
            exactly: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
