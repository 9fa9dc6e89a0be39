internal import Hosts
internal import ModelFiles

/// The members of a tar archive, found by their headers alone: what lies between them is not read.
///
/// Names are what ustar, GNU tar and pax give them; they serve to tell members apart, and no file is ever opened or
/// written by them.
struct TarFile {
    /// A member that is a file.
    struct Member {
        /// Its name.
        let name: String
        /// Where its header begins.
        let headerOffset: Int
        /// Where its bytes begin, in the archive.
        let offset: Int
        /// How many there are; they lie within the archive.
        let byteCount: Int
    }

    private let path: String
    private var window: FileWindow
    /// Where the next header begins.
    private var offset = 0

    /// A longer extended header is taken for damage.
    private static let largestExtension = 1 << 20
    /// Zero bytes behind the end mark, with which programs fill up blocks, at most.
    private static let largestFilling = 1 << 20

    /// An open archive, of which nothing is read yet.
    init(_ file: RegularFile) {
        path = file.path
        window = FileWindow(FilePart(file))
    }

    /// The next member that is a file; nil at the end.
    ///
    /// - Throws: `DataError` of kind `format`, with the byte where the header begins, where the archive is cut off or
    ///   damaged, or holds links or devices.
    mutating func next() throws(DataError) -> Member? {
        var named = Extension()
        while true {
            defer { WorkProgress.note() }
            let start = offset
            guard let header = try header(isFirst: named.isEmpty) else { return nil }
            let contents = start + TarHeader.blockBytes
            let name = named.name ?? String(validating: header.name, as: UTF8.self)
            // The size of a folder is a hint, nothing follows it.
            let byteCount =
                switch header.content {
                case .file: named.byteCount ?? header.byteCount
                case .folder, .other: 0
                case .extendedHeader, .globalHeader, .longName: header.byteCount
                }
            try requireRoom(for: byteCount, from: contents, at: start)
            // Sizes are below that of a file, so that neither sum overflows.
            offset =
                contents + (byteCount + TarHeader.blockBytes - 1) / TarHeader.blockBytes
                * TarHeader.blockBytes
            switch header.content {
            case .file:
                guard let name, !name.isEmpty else {
                    throw damage(start, "its name is \(name == nil ? "not UTF-8" : "empty"); pack it again")
                }
                return Member(name: name, headerOffset: start, offset: contents, byteCount: byteCount)
            case .folder: named = Extension()
            case .longName:
                named.name = try longName(contents, byteCount, start)
            case .extendedHeader:
                try named.read(try records(contents, byteCount, start)) { detail in damage(start, detail) }
            case .globalHeader:
                var all = Extension()
                try all.read(try records(contents, byteCount, start)) { detail in damage(start, detail) }
                guard all.isEmpty else {
                    throw damage(start, "it gives all members one name or size; pack them again")
                }
            case .other(let kind):
                throw damage(
                    start, "it is \(kind); a shard holds files and folders only: pack the files themselves")
            }
        }
    }

    /// Something that is wrong with what begins at a byte.
    private func damage(_ offset: Int, _ detail: String) -> DataError {
        DataError(.format, path: path, "member at byte \(offset): \(detail)")
    }

    /// The header at `offset`; nil at the end mark.
    private mutating func header(isFirst: Bool) throws(DataError) -> TarHeader? {
        guard let block = try window.bytes(at: offset, TarHeader.blockBytes) else {
            throw DataError(
                .format, path: path,
                "ends after \(window.count) bytes, before its end mark, two blocks of zeros: the shard was cut off; "
                    + "copy it again")
        }
        guard block.allSatisfy({ $0 == 0 }) else {
            do {
                return try TarHeader(block)
            } catch {
                throw damage(offset, "\(error.detail): this is not a tar archive, or a damaged one")
            }
        }
        guard isFirst else { throw damage(offset, "the archive ends where a member was announced") }
        try requireEnd()
        return nil
    }

    /// Makes sure that nothing lies behind the end mark: what another archive that was appended holds would be lost.
    private mutating func requireEnd() throws(DataError) {
        let left = window.count - offset
        let rest = left <= Self.largestFilling ? try window.available(at: offset, left) : []
        guard rest.count == left, rest.allSatisfy({ $0 == 0 }) else {
            throw DataError(
                .format, path: path,
                "goes on for \(left) bytes at its end mark, byte \(offset); shards are joined by listing them, not by "
                    + "appending one to another")
        }
    }

    /// Makes sure that contents lie within the file, with what fills up their last block.
    private func requireRoom(for byteCount: Int, from contents: Int, at start: Int) throws(DataError) {
        guard byteCount <= window.count - contents else {
            throw damage(
                start,
                "it has \(byteCount) bytes, of which \(max(0, window.count - contents)) are there: the shard was cut "
                    + "off; copy it again")
        }
    }

    /// The contents of a header that is about the next member.
    private mutating func records(_ contents: Int, _ byteCount: Int, _ start: Int) throws(DataError)
        -> [UInt8]
    {
        guard byteCount <= Self.largestExtension, let bytes = try window.bytes(at: contents, byteCount) else {
            throw damage(
                start, "an extended header of \(byteCount) bytes; at most \(Self.largestExtension) are read")
        }
        return bytes
    }

    private mutating func longName(_ contents: Int, _ byteCount: Int, _ start: Int) throws(DataError)
        -> String
    {
        let bytes = try records(contents, byteCount, start).prefix { $0 != 0 }
        guard let name = String(validating: bytes, as: UTF8.self) else {
            throw damage(start, "its name is not UTF-8; pack it again")
        }
        return name
    }
}

/// What headers before a member say of it.
private struct Extension {
    /// Its name, instead of that in its own header.
    var name: String?
    /// Its size, instead of that in its own header.
    var byteCount: Int?

    /// Whether nothing was said.
    var isEmpty: Bool { name == nil && byteCount == nil }

    /// Reads records `length key=value`, each with a line feed at its end, where `length` counts all of it.
    mutating func read(_ bytes: [UInt8], _ damage: (String) -> DataError) throws(DataError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard digits.count <= 7, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 1, length <= rest.count, digits.first != UInt8(ascii: "+"),
                rest[rest.startIndex + length - 1] == UInt8(ascii: "\n"),
                let equals = rest[digits.endIndex + 1..<rest.startIndex + length].firstIndex(
                    of: UInt8(ascii: "="))
            else { throw damage("a record of its extended header is damaged") }
            let key = String(decoding: rest[digits.endIndex + 1..<equals], as: UTF8.self)
            let value = rest[equals + 1..<rest.startIndex + length - 1]
            try take(key, value, damage)
            rest = rest.dropFirst(length)
        }
    }

    private mutating func take(
        _ key: String, _ value: ArraySlice<UInt8>, _ damage: (String) -> DataError
    ) throws(DataError) {
        switch key {
        case "path":
            guard let text = String(validating: value, as: UTF8.self), !value.contains(0) else {
                throw damage("its name is not UTF-8; pack it again")
            }
            name = text
        case "size":
            let text = String(decoding: value, as: UTF8.self)
            guard let number = Int(text), number >= 0, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") })
            else {
                throw damage("its size is '\(text.excerpt)', not a number")
            }
            byteCount = number
        case _ where key.hasPrefix("GNU.sparse"):
            throw damage("it is a sparse file; a shard holds whole files: pack it again")
        default: break
        }
    }
}
