/// Bytes at any place of a file, or of a part of one, of which only what is looked at is read.
struct FileWindow {
    /// What is looked at.
    let file: FilePart

    private var start = 0
    private var bytes: [UInt8] = []
    private static let windowBytes = 4096

    init(_ file: FilePart) { self.file = file }

    /// Bytes in the file when it was opened.
    var count: Int { file.count }

    /// The path of the file, for messages.
    var path: String { file.path }

    /// The `wanted` bytes at a place, which begin with index 0; nil where the file ends before them.
    mutating func bytes(at offset: Int, _ wanted: Int) throws(DataError) -> [UInt8]? {
        let available = try self.available(at: offset, wanted)
        return available.count == wanted ? Array(available) : nil
    }

    /// The `wanted` bytes at a place, or fewer where the file ends before them.
    mutating func available(at offset: Int, _ wanted: Int) throws(DataError) -> ArraySlice<UInt8> {
        if offset < start || offset + wanted > start + bytes.count {
            bytes = try file.read(max(wanted, Self.windowBytes), at: offset)
            start = offset
        }
        let first = min(offset - start, bytes.count)
        return bytes[first..<min(first + wanted, bytes.count)]
    }
}
