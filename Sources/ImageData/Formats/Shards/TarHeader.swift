/// A block of 512 bytes before a member of a tar archive.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format", for sizes in base 256 and
/// long names.
struct TarHeader: Equatable {
    /// What follows a header.
    enum Content: Equatable {
        /// The bytes of a file.
        case file
        /// Nothing: a folder.
        case folder
        /// Records that hold for the next member, `length key=value`.
        case extendedHeader
        /// Records that hold for all members after it.
        case globalHeader
        /// The name of the next member, as GNU tar writes long ones.
        case longName
        /// Something that a data set has no use for, in words that follow "is".
        case other(String)
    }

    /// Bytes of a block; members begin at multiples of it.
    static let blockBytes = 512

    /// The name, as bytes.
    let name: [UInt8]
    /// Bytes of the contents.
    let byteCount: Int
    /// What they are.
    let content: Content

    /// Why a block is no header.
    struct Damage: Error {
        /// What was found, in words that follow the place.
        let detail: String
    }

    /// Reads a block of 512 bytes.
    init(_ block: [UInt8]) throws(Damage) {
        precondition(block.count == Self.blockBytes, "a block of \(block.count) bytes")
        let announced = try Self.octal(block[148..<156], "checksum")
        // The sum counts its own field as spaces; some old programs took bytes for signed.
        var (unsigned, signed) = (0, 0)
        for (index, byte) in block.enumerated() {
            let counted = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            unsigned += Int(counted)
            signed += Int(Int8(bitPattern: counted))
        }
        guard announced == unsigned || announced == signed else {
            throw Damage(
                detail: "the checksum of its header is \(announced), its bytes add up to \(unsigned)")
        }
        byteCount = try Self.size(block[124..<136])
        let (own, prefix) = (Self.text(block[0..<100]), Self.text(block[345..<500]))
        // GNU tar has other things where POSIX has the beginning of a long name.
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        name = isPOSIX && !prefix.isEmpty ? prefix + [UInt8(ascii: "/")] + own : own
        // Before POSIX a folder was told by its name.
        content = block[156] == 0 && own.last == UInt8(ascii: "/") ? .folder : Self.content(block[156])
    }

    private static func content(_ type: UInt8) -> Content {
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
        case UInt8(ascii: "1"): .other("a link to another member")
        case UInt8(ascii: "2"): .other("a symbolic link")
        case UInt8(ascii: "3"), UInt8(ascii: "4"): .other("a device")
        case UInt8(ascii: "5"): .folder
        case UInt8(ascii: "6"): .other("a pipe")
        case UInt8(ascii: "g"): .globalHeader
        case UInt8(ascii: "x"): .extendedHeader
        case UInt8(ascii: "L"): .longName
        case UInt8(ascii: "S"): .other("a sparse file")
        default: .other("of the unknown type \(type)")
        }
    }

    /// Bytes up to the first that is zero.
    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// The size of a member: octal digits, or, from 8 GiB on, base 256 behind a set first bit.
    private static func size(_ field: ArraySlice<UInt8>) throws(Damage) -> Int {
        guard let first = field.first, first >= 0x80 else { return try octal(field, "size") }
        guard first & 0x40 == 0 else { throw Damage(detail: "its size is negative") }
        var size = Int(first & 0x3F)
        for byte in field.dropFirst() {
            guard size <= Int.max >> 8 else {
                throw Damage(detail: "its size is larger than any file")
            }
            size = size << 8 | Int(byte)
        }
        return size
    }

    /// Octal digits, with spaces before them and a space or zero byte behind. At most 12, which fit.
    private static func octal(_ field: ArraySlice<UInt8>, _ name: String) throws(Damage) -> Int {
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) })
        else {
            let found = String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            throw Damage(detail: "its \(name) is '\(found.excerpt)', not an octal number")
        }
        return digits.reduce(0) { $0 << 3 | Int($1 - UInt8(ascii: "0")) }
    }
}
