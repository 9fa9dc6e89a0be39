/// Numbers and texts as bytes, for another process of the same program.
struct PackedBytes {
    private(set) var bytes: [UInt8] = []

    /// Adds a number: seven bits a byte, the lowest first, the last one below 128.
    mutating func add(_ number: Int) {
        var rest = UInt(bitPattern: number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func add(_ flag: Bool) { add(flag ? 1 : 0) }

    /// Adds a text with its length.
    mutating func add(_ text: String) {
        add(text.utf8.count)
        bytes += text.utf8
    }

    /// Adds a text that may be missing.
    mutating func add(_ text: String?) {
        add(text != nil)
        if let text { add(text) }
    }

    mutating func add(_ numbers: [Int]) {
        add(numbers.count)
        for number in numbers { add(number) }
    }

    mutating func add(_ texts: [String]) {
        add(texts.count)
        for text in texts { add(text) }
    }
}

/// Takes numbers and texts from bytes in the order in which they were added; traps where there are none.
struct PackedBytesReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func number() -> Int {
        var (number, shift): (UInt, UInt) = (0, 0)
        while true {
            let byte = bytes[place]
            place += 1
            number |= UInt(byte & 0x7F) << shift
            guard byte >= 0x80 else { return Int(bitPattern: number) }
            shift += 7
        }
    }

    mutating func flag() -> Bool { number() != 0 }

    mutating func text() -> String {
        let count = number()
        defer { place += count }
        return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }

    mutating func optionalText() -> String? { flag() ? text() : nil }

    mutating func numbers() -> [Int] { items { $0.number() } }

    mutating func texts() -> [String] { items { $0.text() } }

    /// As many items as a number says that comes first.
    mutating func items<Item>(_ item: (inout Self) -> Item) -> [Item] {
        let count = number()
        var items: [Item] = []
        items.reserveCapacity(count)
        for _ in 0..<count { items.append(item(&self)) }
        return items
    }
}
