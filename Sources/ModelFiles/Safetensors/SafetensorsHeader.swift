internal import Tensors

/// The checked table of contents of a safetensors file.
struct SafetensorsHeader: Sendable {
    /// What the header says of one tensor.
    struct Entry: Sendable {
        let type: SafetensorsElementType
        let shape: Shape
        /// Bytes of the elements, counted from the beginning of the data.
        let range: Range<Int>
    }

    let entries: [String: Entry]
    let metadata: [String: String]

    /// A message for `SafetensorsError`, before the path is known.
    struct Failure: Error {
        let kind: SafetensorsError.Kind
        let detail: String
    }

    /// Reads the JSON of a header.
    ///
    /// - Parameters:
    ///   - json: The header's bytes, without its length.
    ///   - dataCount: Bytes that follow the header; the tensors must cover them exactly.
    init(json: [UInt8], dataCount: Int) throws(Failure) {
        let value: HeaderJSON
        do {
            value = try HeaderJSONReader.read(json)
        } catch {
            throw Self.header("the header is not valid JSON at byte \(error.offset): \(error.reason)")
        }
        guard case .object(let members) = value else {
            throw Self.header("the header is not a JSON object")
        }
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]
        for member in members {
            if member.key == "__metadata__" {
                metadata = try Self.metadata(member.value)
            } else {
                entries[member.key] = try Self.entry(member.key, member.value)
            }
        }
        guard entries.count + (members.contains { $0.key == "__metadata__" } ? 1 : 0) == members.count else {
            throw Self.header("two names in the header differ only in how their letters are encoded")
        }
        try Self.checkCover(entries, dataCount: dataCount)
        self.entries = entries
        self.metadata = metadata
    }

    private static func header(_ problem: String) -> Failure {
        Failure(kind: .header, detail: "\(problem). The file is damaged, or not a safetensors file")
    }

    private static func metadata(_ value: HeaderJSON) throws(Failure) -> [String: String] {
        guard case .object(let members) = value else { throw header("__metadata__ is not an object") }
        var metadata: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else {
                throw header("__metadata__ holds something other than a string at \"\(member.key.excerpt)\"")
            }
            metadata[member.key] = text
        }
        return metadata
    }

    private static func entry(_ name: String, _ value: HeaderJSON) throws(Failure) -> Entry {
        guard case .object(let members) = value else {
            throw header("the entry of \"\(name.excerpt)\" is not an object")
        }
        func member(_ key: String) throws(Failure) -> HeaderJSON {
            guard let member = members.first(where: { $0.key == key }) else {
                throw header("the entry of \"\(name.excerpt)\" has no \"\(key)\"")
            }
            return member.value
        }
        guard case .string(let typeName) = try member("dtype") else {
            throw header("the dtype of \"\(name.excerpt)\" is not a string")
        }
        guard let type = SafetensorsElementType(rawValue: typeName) else {
            throw header(
                "the dtype \"\(typeName.excerpt)\" of \"\(name.excerpt)\" is not one that can be read")
        }
        guard let dimensions = try member("shape").indices else {
            throw header("the shape of \"\(name.excerpt)\" is not a list of non-negative integers below 2^63")
        }
        guard dimensions.count <= StridedLayout.largestRank else {
            throw header(
                "\"\(name.excerpt)\" has \(dimensions.count) dimensions, more than the \(StridedLayout.largestRank) that a tensor may have"
            )
        }
        guard let offsets = try member("data_offsets").indices, offsets.count == 2, offsets[0] <= offsets[1]
        else {
            throw header("the data_offsets of \"\(name.excerpt)\" are not two ascending integers below 2^63")
        }

        var byteCount = type.byteCount
        for dimension in dimensions {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw header("the shape \(dimensions) of \"\(name.excerpt)\" is too large")
            }
            byteCount = product
        }
        guard byteCount == offsets[1] - offsets[0] else {
            throw Failure(
                kind: .extent,
                detail:
                    "\"\(name.excerpt)\" of type \(typeName.excerpt) and shape \(dimensions) takes \(byteCount) bytes, but "
                    + "its data_offsets \(offsets) hold \(offsets[1] - offsets[0]). The file is damaged")
        }
        return Entry(type: type, shape: Shape(dimensions), range: offsets[0]..<offsets[1])
    }

    /// Throws unless the ranges follow each other from byte 0 to the last one.
    private static func checkCover(_ entries: [String: Entry], dataCount: Int) throws(Failure) {
        let sorted = entries.sorted { first, second in
            (first.value.range.lowerBound, first.value.range.upperBound, first.key)
                < (second.value.range.lowerBound, second.value.range.upperBound, second.key)
        }
        var end = 0
        for (name, entry) in sorted {
            guard entry.range.lowerBound == end else {
                let problem = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole"
                throw Failure(
                    kind: .extent,
                    detail:
                        "the data of \"\(name.excerpt)\" begins at byte \(entry.range.lowerBound) where byte \(end) "
                        + "was expected, which \(problem). The file is damaged")
            }
            end = entry.range.upperBound
        }
        guard end == dataCount else {
            let problem = end > dataCount ? "the file was cut off; copy it again" : "bytes are left over"
            throw Failure(
                kind: .extent,
                detail: "the header describes \(end) bytes of data, the file has \(dataCount): \(problem)")
        }
    }
}
