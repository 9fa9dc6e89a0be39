internal import Foundation

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

    /// Writes the file so that it is there completely or not at all.
    ///
    /// The bytes go to a file beside `path`, reach the disk, and are then renamed, replacing what was there.
    /// One rank writes a path at a time.
    ///
    /// - Throws: `SafetensorsError` of kind `inputOutput`; the file beside it is removed then.
    public func write(to path: String) throws(SafetensorsError) {
        let staged = "\(path).partial-\(getpid())"
        // In a container the process before had the same number. What is new cannot be a link to something else.
        unlink(staged)
        let descriptor = open(staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot create \(staged)") }
        var problem = Self.writeAll(serialized(), to: descriptor)
        if problem == nil, fsync(descriptor) != 0 { problem = Self.failure(path, "cannot flush \(staged)") }
        if close(descriptor) != 0, problem == nil { problem = Self.failure(path, "cannot close \(staged)") }
        if problem == nil, rename(staged, path) != 0 {
            problem = Self.failure(path, "cannot rename \(staged) to it")
        }
        if let problem {
            unlink(staged)
            throw SafetensorsError(kind: .inputOutput, path: path, detail: problem.detail)
        }
    }

    /// Nil when everything was written.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> SafetensorsError? {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return failure("", "cannot write byte \(done) of \(buffer.count)") }
                done += count
            }
            return nil
        }
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func failure(_ path: String, _ problem: String) -> SafetensorsError {
        SafetensorsError(
            kind: .inputOutput, path: path, detail: "\(problem): \(String(cString: strerror(errno)))")
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
