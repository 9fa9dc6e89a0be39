public import Tensors

/// A safetensors file: named arrays behind a JSON header.
///
/// The format is eight bytes of header length (little-endian), the header
/// `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}` and the data. Everything the
/// header says is checked when the file is opened; elements are read when a tensor is asked for.
///
/// Every rank that opens a file reads it for itself.
///
/// Source: the safetensors format, Hugging Face, 2022.
public struct SafetensorsFile: Sendable {
    /// The file, as it was given.
    public let path: String
    /// Names of the tensors, sorted.
    public let names: [String]
    /// The strings of `__metadata__`; empty where the file has none.
    public var metadata: [String: String] { header.metadata }

    private let header: SafetensorsHeader
    private let file: MappedFile
    /// Offset of the first byte of data in the file.
    private let dataStart: Int

    /// A longer header is taken for damage, as the reference implementation does.
    private static let largestHeader = 100_000_000

    /// Opens a file and checks it from the first byte to the last.
    ///
    /// - Throws: `SafetensorsError` where the file cannot be read, is cut off or too long, has a header that
    ///   is not strict JSON or names a thing twice, or describes data that overlap, leave holes or do not
    ///   match their shapes.
    public init(contentsOf path: String) throws(SafetensorsError) {
        do {
            file = try MappedFile(path)
        } catch {
            throw SafetensorsError(
                kind: error.isOfAnotherKind ? .header : .inputOutput, path: path, detail: error.reason)
        }
        let bytes = file.bytes
        guard bytes.count >= 8 else {
            throw SafetensorsError(
                kind: .header, path: path,
                detail: "\(bytes.count) bytes are too few for a safetensors file, which has at least 10")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length >= 2, length <= UInt64(Self.largestHeader), length <= UInt64(bytes.count - 8) else {
            throw SafetensorsError(
                kind: .header, path: path,
                detail: "the first eight bytes announce a header of \(length) bytes; expected 2 to "
                    + "\(min(Self.largestHeader, bytes.count - 8)). The file is cut off, or not safetensors")
        }
        dataStart = 8 + Int(length)
        do {
            header = try SafetensorsHeader(
                json: Array(bytes[8..<dataStart]), dataCount: bytes.count - dataStart)
        } catch {
            throw SafetensorsError(kind: error.kind, path: path, detail: error.detail)
        }
        self.path = path
        names = header.entries.keys.sorted()
    }

    /// The shape of a tensor, or nil where the file has none of that name.
    public func shape(of name: String) -> Shape? { header.entries[name]?.shape }

    /// Bytes of data.
    public var byteCount: Int { file.bytes.count - dataStart }

    /// Whether the elements of a tensor are integers; false where there is none of that name.
    public func holdsIntegers(_ name: String) -> Bool { header.entries[name]?.type.isInteger ?? false }

    /// The tensor of that name, dense, copied out of the file.
    ///
    /// F32 is taken as it is; F16, BF16 and floats of eight bits are widened, F64 is rounded to the nearest 32-bit float.
    ///
    /// - Throws: `SafetensorsError` where the name is missing or the elements are integers.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        let entry = try entry(name)
        defer { withExtendedLifetime(file) {} }
        guard let tensor = elements(of: entry).tensor() else {
            throw wrongType(name, entry, expected: "floats; F32, F16 or BF16 are usual")
        }
        return tensor
    }

    /// The integers of that name in row-major order; BOOL gives 0 and 1.
    ///
    /// - Throws: `SafetensorsError` where the name is missing, the elements are no integers, or one of them
    ///   does not fit into 64 bits with a sign.
    public func integers(_ name: String) throws(SafetensorsError) -> [Int] {
        let entry = try entry(name)
        defer { withExtendedLifetime(file) {} }
        let integers: [Int]?
        do throws(StoredElements.TooLarge) {
            integers = try elements(of: entry).integers()
        } catch {
            throw SafetensorsError(
                kind: .elementType, path: path,
                detail:
                    "element \(error.index) of \"\(name.excerpt)\" is \(error.value), more than \(Int.max)")
        }
        guard let integers else {
            throw wrongType(name, entry, expected: "an integer type; I64 or I32 are usual")
        }
        return integers
    }

    private func entry(_ name: String) throws(SafetensorsError) -> SafetensorsHeader.Entry {
        if let entry = header.entries[name] { return entry }
        let listed = names.prefix(8).map { "\"\($0.excerpt)\"" }.joined(separator: ", ")
        throw SafetensorsError(
            kind: .missing, path: path,
            detail: "there is no tensor \"\(name.excerpt)\"; it holds \(names.count): \(listed)"
                + (names.count > 8 ? ", …" : ""))
    }

    private func wrongType(
        _ name: String, _ entry: SafetensorsHeader.Entry, expected: String
    ) -> SafetensorsError {
        SafetensorsError(
            kind: .elementType, path: path,
            detail: "\"\(name.excerpt)\" has elements of type \(entry.type.rawValue); expected \(expected)")
    }

    private func elements(of entry: SafetensorsHeader.Entry) -> StoredElements {
        let range = dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound
        file.load(range)
        return StoredElements(
            bytes: UnsafeRawBufferPointer(rebasing: file.bytes[range]), type: entry.type,
            layout: StridedLayout(contiguous: entry.shape.dimensions))
    }
}

extension SafetensorsFile: WeightSource {
    /// How many tensors there are.
    public var findings: [String] { ["safetensors, \(names.count) tensors"] }
}
