internal import Hosts

/// An array of unsigned bytes in the IDX format of the MNIST family.
///
/// Two zero bytes, the element type (8: unsigned byte), the number of dimensions, each extent as four bytes
/// with the most significant first, then the elements in row-major order. Files may be packed by gzip.
///
/// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
struct IDXFile {
    let extents: [Int]
    /// The elements, row-major.
    let elements: [UInt8]

    /// What a file holds, which says how many dimensions it has.
    enum Content: String {
        case images
        case labels

        var dimensions: Int { self == .images ? 3 : 1 }
    }

    /// Unpacked bytes that are looked at, for the sake of the checksum at the end, of a file whose beginning is wrong or
    /// that goes on behind what it announces. A thousand times as many may be in a packed file.
    private static let mostUnwantedBytes = 64 << 20

    /// Whether a file begins as IDX files of unsigned bytes do, in whatever dimensions.
    static func recognizes(_ path: String) throws(DataError) -> Bool {
        let file = try RegularFile(path)
        let isPacked = try isPacked(file)
        let magic: [UInt8] = [0, 0, 8]
        var start: [UInt8] = []
        var byteCount = 0
        try read(file, isPacked: isPacked) { piece in
            start += piece.prefix(magic.count - start.count)
            byteCount += piece.count
            // What a packed file begins with counts only if its checksum is right.
            return start.count < magic.count
                || (isPacked && start != magic && byteCount < mostUnwantedBytes)
        }
        return start == magic
    }

    /// Reads and checks a file. No more is kept in memory than its header announces.
    ///
    /// - Parameters:
    ///   - file: The file, at its beginning.
    ///   - content: What it must hold.
    /// - Throws: `DataError`: `format` where the magic number is another or the length is wrong, `compression`
    ///   where it is a damaged gzip file, `inputOutput` where it cannot be read.
    init(_ file: RegularFile, _ content: Content) throws(DataError) {
        let start = 4 + 4 * content.dimensions
        let isPacked = try Self.isPacked(file)
        var header: Result<Header, DataError>?
        var bytes: [UInt8] = []
        var unwantedCount = 0
        try Self.read(file, isPacked: isPacked) { piece in
            // One piece too many is enough to know that they are too many.
            let isWanted =
                switch header {
                case nil: true
                case .success(let header): bytes.count <= start + header.count
                case .failure: false
                }
            if isWanted { bytes += piece } else { unwantedCount += piece.count }
            if header == nil, bytes.count >= start {
                header = Result { () throws(DataError) in
                    let found = try Header(bytes[..<start], content, path: file.path)
                    if isPacked { try found.requireRoom(inPacked: file) }
                    return found
                }
            }
            // A packed file is read to its end: what it announces counts only if its checksum is right.
            return isWanted || (isPacked && unwantedCount < Self.mostUnwantedBytes)
        }
        // A file that ends before its header does: throws, and says what is there.
        let found =
            if let header { try header.get() } else { try Header(bytes[...], content, path: file.path) }
        guard bytes.count - start == found.count else {
            let problem =
                bytes.count - start < found.count
                ? "has \(bytes.count - start): the file was cut off" : "has more: bytes are left over"
            throw DataError(
                .format, path: file.path,
                "announces \(content) of size \(found.extents), \(found.count) bytes, and \(problem)")
        }
        bytes.removeFirst(start)
        (extents, elements) = (found.extents, bytes)
    }

    /// Whether gzip packed a file, which a name in `.gz` promises.
    private static func isPacked(_ file: RegularFile) throws(DataError) -> Bool {
        let isPacked = try file.start(Gzip.magic.count) == Gzip.magic
        guard isPacked || !file.path.hasSuffix(".gz") else {
            throw DataError(
                .compression, path: file.path,
                "the name ends in .gz, but the file is not a gzip file; rename it or copy it again")
        }
        return isPacked
    }

    /// Gives `output` the bytes, unpacked, as long as it wants more.
    private static func read(
        _ file: RegularFile, isPacked: Bool, to output: (ArraySlice<UInt8>) -> Bool
    ) throws(DataError) {
        guard !isPacked else { return try Gzip.unpack(file, to: output) }
        while true {
            let piece = try file.read()
            guard !piece.isEmpty, output(piece[...]) else { return }
        }
    }
}

/// What an IDX file announces.
private struct Header {
    let extents: [Int]
    /// Number of elements.
    let count: Int

    /// Reads the first bytes of a file, unpacked.
    init(_ bytes: ArraySlice<UInt8>, _ content: IDXFile.Content, path: String) throws(DataError) {
        let magic: [UInt8] = [0, 0, 8, UInt8(content.dimensions)]
        guard bytes.starts(with: magic) else {
            throw DataError(
                .format, path: path,
                "begins with the bytes \(Self.hexadecimal(bytes.prefix(4))); IDX \(content) begin with "
                    + "\(Self.hexadecimal(magic[...])). Give a file of \(content)")
        }
        let start = 4 + 4 * content.dimensions
        guard bytes.count >= start else {
            throw DataError(
                .format, path: path,
                "has \(bytes.count) bytes, fewer than the \(start) of an IDX header: the file was cut off; copy it again"
            )
        }
        let extents = (0..<content.dimensions).map { dimension in
            bytes[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
        }
        var count = 1
        for extent in extents {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow, product > 0, product < Int.max / 2 else {
                throw DataError(
                    .format, path: path,
                    "announces \(content) of size \(extents), which no file can hold; copy it again")
            }
            count = product
        }
        let memory = Int(clamping: HostMemory.current().usable)
        guard memory == 0 || count < memory else {
            throw DataError(
                .format, path: path,
                "announces \(content) of size \(extents), \(count) bytes, more than the memory that this process may "
                    + "have, \(memory) bytes")
        }
        (self.extents, self.count) = (extents, count)
    }

    /// Throws where a packed file is so small that it cannot hold what it announces: deflate makes at most 1032 bytes of
    /// one. Plain files are compared once they are read.
    func requireRoom(inPacked file: RegularFile) throws(DataError) {
        let (room, overflow) = file.identity.bytes.multipliedReportingOverflow(by: 1032)
        guard overflow || Int64(count) <= room else {
            throw DataError(
                .format, path: file.path,
                "announces data of size \(extents), \(count) bytes, which \(file.identity.bytes) bytes of gzip data "
                    + "cannot hold")
        }
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return digits.isEmpty ? "(none)" : digits.joined(separator: " ")
    }
}
