/// All bytes, one part after the other. A chain of `+` would take the compiler minutes.
func joined(_ parts: [UInt8]...) -> [UInt8] { parts.reduce([], +) }

/// The same bytes again and again.
func repeated(_ part: [UInt8], _ count: Int) -> [UInt8] { Array(repeatElement(part, count: count).joined()) }

/// CRC-32 of PNG and ZIP.
func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = ~0
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~sum
}

/// A chunk of a PNG file.
struct PNGChunk {
    /// Length, name, contents and checksum.
    let bytes: [UInt8]

    init(_ name: String, _ contents: [UInt8]) {
        let body = Array(name.utf8) + contents
        bytes = joined(big(UInt64(contents.count), 4), body, big(UInt64(checksum(body)), 4))
    }
}

/// A ZIP archive whose table of contents says what it is told.
enum ZipFile {
    /// A file of the archive.
    struct Entry {
        let name: String
        let contents: [UInt8]
        var checksum: UInt32?
        /// Unpacked bytes that are announced; nil for those that are there.
        var announced: UInt64?
        var method: UInt64 = 0
        /// Where the file is said to begin; nil for where it does.
        var place: UInt64?

        init(
            _ name: String, _ contents: [UInt8], checksum: UInt32? = nil, announced: UInt64? = nil,
            method: UInt64 = 0,
            place: UInt64? = nil
        ) {
            (self.name, self.contents, self.checksum) = (name, contents, checksum)
            (self.announced, self.method, self.place) = (announced, method, place)
        }
    }

    /// The archive.
    ///
    /// - Parameters:
    ///   - entries: Its files.
    ///   - count: How many are announced; nil for as many as there are.
    ///   - start: Where the table is said to begin; nil for where it does.
    static func bytes(_ entries: [Entry], count: UInt64? = nil, start: UInt64? = nil) -> [UInt8] {
        var (archive, table) = ([UInt8](), [UInt8]())
        for entry in entries {
            let name = Array(entry.name.utf8)
            let sum = UInt64(entry.checksum ?? checksum(entry.contents))
            let packed = UInt64(entry.contents.count)
            let facts = joined(
                little(20, 2), little(0, 2), little(entry.method, 2), little(0, 4), little(sum, 4),
                little(packed, 4),
                little(entry.announced ?? packed, 4), little(UInt64(name.count), 2), little(0, 2))
            table += joined(
                little(0x0201_4B50, 4), little(20, 2), facts, little(0, 6), little(0, 4),
                little(entry.place ?? UInt64(archive.count), 4), name)
            archive += joined(little(0x0403_4B50, 4), facts, name, entry.contents)
        }
        let number = count ?? UInt64(entries.count)
        return joined(
            archive, table, little(0x0605_4B50, 4), little(0, 4), little(number, 2), little(number, 2),
            little(UInt64(table.count), 4), little(start ?? UInt64(archive.count), 4), little(0, 2))
    }
}
