/// A tar archive in the form of ustar, of members that may be whatever a test wants.
public struct TarArchive {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// An archive without members.
    public init() {}

    /// A shard of samples, each with its key, the bytes of a JPEG file and a class.
    public init(samples: [(key: String, picture: [UInt8], label: Int)]) {
        for sample in samples {
            add("\(sample.key).jpg", sample.picture)
            add("\(sample.key).cls", Array(String(sample.label).utf8))
        }
    }

    /// Adds a member.
    ///
    /// - Parameters:
    ///   - name: At most 100 bytes.
    ///   - contents: Its bytes.
    ///   - type: Its type, `0` for a file.
    ///   - size: What its header says in the 12 bytes of its size; nil for the number of bytes in octal.
    public mutating func add(_ name: String, _ contents: [UInt8], type: Character = "0", size: [UInt8]? = nil)
    {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], _ offset: Int) {
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        put(Array(name.utf8.prefix(100)), 0)
        put(Array("0000644\0".utf8), 100)
        put(Array("0000000\0".utf8), 108)
        put(Array("0000000\0".utf8), 116)
        put(size ?? Self.octal(contents.count, digits: 11), 124)
        put(Self.octal(0, digits: 11), 136)
        put(Array(String(type).utf8), 156)
        put(Array("ustar\0".utf8) + Array("00".utf8), 257)
        put(Array(repeating: UInt8(ascii: " "), count: 8), 148)
        put(Self.octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + [UInt8(ascii: " ")], 148)
        bytes += header + contents
        bytes += [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    /// The archive with its end mark.
    public var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// Octal digits with zeros before them and a zero byte behind.
    private static func octal(_ number: Int, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array(String(repeating: "0", count: digits - text.utf8.count).utf8) + Array(text.utf8) + [0]
    }
}
