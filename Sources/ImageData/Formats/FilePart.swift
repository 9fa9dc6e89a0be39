/// Bytes that lie one after the other in a file: all of it, or a member of a shard.
struct FilePart {
    /// How many there are.
    let count: Int
    /// What messages call it.
    let path: String

    private let file: RegularFile
    private let start: Int

    /// A whole file.
    init(_ file: RegularFile) {
        (self.file, start, count, path) = (file, 0, Int(clamping: file.identity.bytes), file.path)
    }

    /// A part, which lies within the file.
    init(_ file: RegularFile, start: Int, count: Int, path: String) {
        (self.file, self.start, self.count, self.path) = (file, start, count, path)
    }

    /// The bytes at a place of the part, at most `wanted`, none beyond its end.
    func read(_ wanted: Int, at offset: Int) throws(DataError) -> [UInt8] {
        let first = min(offset, count)
        return try file.read(min(wanted, count - first), at: start + first)
    }

    /// All bytes; fewer where the file has become shorter.
    func read() throws(DataError) -> [UInt8] { try read(count, at: 0) }
}
