/// An array of unsigned bytes in the IDX format of the MNIST family.
///
/// Two zero bytes, the element type (8: unsigned byte), the number of dimensions, each extent as four bytes
/// with the most significant first, then the elements in row-major order. Files may be packed by gzip.
///
/// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
struct IDXFile {
    let extents: [Int]
    /// All bytes of the file; the elements begin at `start`.
    let bytes: [UInt8]
    let start: Int

    /// Whether bytes begin as an IDX file of unsigned bytes does, in whatever dimensions.
    static func recognizes(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0, 0, 8]) }

    /// Checks the unpacked bytes of a file.
    ///
    /// - Parameters:
    ///   - bytes: The file's bytes, unpacked.
    ///   - path: Its name, for messages.
    ///   - dimensions: Dimensions expected: 3 for images, 1 for labels.
    /// - Throws: `DataError` of kind `format` where the magic number is another or the length is wrong.
    init(_ bytes: [UInt8], path: String, dimensions: Int) throws(DataError) {
        let magic: [UInt8] = [0, 0, 8, UInt8(dimensions)]
        let content = dimensions == 3 ? "images" : "labels"
        guard bytes.starts(with: magic) else {
            throw DataError(
                .format, path: path,
                "begins with the bytes \(Self.hexadecimal(bytes.prefix(4))); IDX \(content) begin with "
                    + "\(Self.hexadecimal(magic[...])). Give a file of \(content)")
        }
        let start = 4 + 4 * dimensions
        guard bytes.count >= start else {
            throw DataError(
                .format, path: path,
                "has \(bytes.count) bytes, fewer than the \(start) of an IDX header: the file was cut off")
        }
        extents = (0..<dimensions).map { dimension in
            bytes[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
        }
        var expected = 1
        for extent in extents {
            let (product, overflow) = expected.multipliedReportingOverflow(by: extent)
            guard !overflow, product > 0 else {
                throw DataError(
                    .format, path: path, "announces \(content) of size \(extents), which no file can hold")
            }
            expected = product
        }
        let found = bytes.count - start
        guard found == expected else {
            let problem =
                found < expected ? "the file was cut off" : "\(found - expected) bytes are left over"
            throw DataError(
                .format, path: path,
                "announces \(content) of size \(extents), \(expected) bytes, and has \(found): \(problem)")
        }
        self.bytes = bytes
        self.start = start
    }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return digits.isEmpty ? "(none)" : digits.joined(separator: " ")
    }
}
