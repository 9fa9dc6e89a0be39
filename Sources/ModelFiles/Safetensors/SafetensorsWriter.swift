internal import Foundation
public import Tensors

/// Collects named tensors and writes them as a safetensors file.
///
/// The same tensors give the same bytes, in whatever order they were added: eight-byte elements come first
/// and names are sorted within each size. So every array is aligned to its elements, which PyTorch's reader
/// needs, and the header is padded with spaces to a multiple of eight bytes.
public struct SafetensorsWriter: Sendable {
    private enum Content: Sendable {
        case floats(Tensor)
        case integers([Int64], Shape)
    }

    private let metadata: [String: String]
    private var contents: [String: Content] = [:]

    /// A writer without tensors.
    ///
    /// - Parameter metadata: Strings for the header's `__metadata__`; left out where there are none.
    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a tensor as F32; in row-major order, whatever its layout. A name given twice traps.
    public mutating func add(_ name: String, _ tensor: Tensor) {
        insert(name, .floats(tensor))
    }

    /// Adds integers as I64, in row-major order. A name given twice and a wrong number of integers trap.
    public mutating func add(_ name: String, integers: [Int64], shape: Shape) {
        precondition(
            integers.count == shape.count, "\(integers.count) integers for \"\(name)\" of shape \(shape)")
        insert(name, .integers(integers, shape))
    }

    private mutating func insert(_ name: String, _ content: Content) {
        precondition(name != "__metadata__", "\"__metadata__\" cannot be the name of a tensor")
        precondition(contents.updateValue(content, forKey: name) == nil, "two tensors named \"\(name)\"")
    }

    /// The bytes of the file.
    public func serialized() -> [UInt8] {
        var (bytes, dataCount, sorted) = layOut()
        bytes.reserveCapacity(bytes.count + dataCount)
        for (_, content) in sorted {
            switch content {
            case .integers(let integers, _):
                for integer in integers {
                    withUnsafeBytes(of: integer.littleEndian) { bytes.append(contentsOf: $0) }
                }
            case .floats(let tensor):
                tensor.dense().withElements { Self.append($0, to: &bytes) }
            }
        }
        return bytes
    }

    /// Appends numbers, the least byte of each first. In the layout that nearly every processor has, that is one
    /// copy.
    private static func append(_ elements: UnsafeBufferPointer<Float>, to bytes: inout [UInt8]) {
        if UInt32(1).littleEndian == 1 {
            bytes.append(contentsOf: UnsafeRawBufferPointer(elements))
        } else {
            for element in elements {
                withUnsafeBytes(of: element.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
    }

    /// Writes the file so that it is there completely or not at all: see `OutputFile`.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - isNamedByUser: Whether a link, a device or a pipe of that name is written into and not replaced.
    /// - Throws: `SafetensorsError` of kind `inputOutput`.
    public func write(to path: String, isNamedByUser: Bool = false) throws(SafetensorsError) {
        do throws(OutputFileError) {
            if isNamedByUser {
                try OutputFile.write(serialized(), named: path)
            } else {
                try OutputFile.replace(path, with: serialized())
            }
        } catch {
            throw SafetensorsError(kind: .inputOutput, path: path, detail: error.detail)
        }
    }

    /// Length and header, the number of bytes of data, and the tensors in the order of their data.
    private func layOut() -> (header: [UInt8], dataCount: Int, sorted: [(String, Content)]) {
        let sorted = contents.sorted { first, second in
            let sizes = (Self.byteCount(first.value), Self.byteCount(second.value))
            return sizes.0 != sizes.1 ? sizes.0 > sizes.1 : first.key < second.key
        }
        var members: [String] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0)):\(Self.quoted($1))" }
            members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
        }
        var offset = 0
        for (name, content) in sorted {
            let (type, shape): (String, Shape) =
                switch content {
                case .floats(let tensor): ("F32", tensor.shape)
                case .integers(_, let shape): ("I64", shape)
                }
            let end = offset + shape.count * Self.byteCount(content)
            let extents = shape.dimensions.map { String($0) }.joined(separator: ",")
            members.append(
                "\(Self.quoted(name)):{\"dtype\":\"\(type)\",\"shape\":[\(extents)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var json = Array("{\(members.joined(separator: ","))}".utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
        return (length + json, offset, sorted.map { ($0.key, $0.value) })
    }

    /// Bytes an element.
    private static func byteCount(_ content: Content) -> Int {
        switch content {
        case .floats: 4
        case .integers: 8
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
