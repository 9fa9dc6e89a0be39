internal import Foundation
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

// `relationship.safetensors`, with the table and the picture beside it. Local: on rank 0 alone, or on each
// rank by itself; in a job, inside `coordinate`.
extension Relationship {
    /// Version of the file's layout; a reader refuses any other.
    private static let fileVersion = "1"
    private static let tensorName = "relationship"

    /// The bytes of `relationship.safetensors`: the tensor `relationship` `[K, S]` of F32, and in the metadata
    /// `kind`, `version`, `method`, `class-names` (a JSON list) and `source-classes`.
    public func serialized() -> [UInt8] { writer().serialized() }

    /// Writes `relationship.safetensors`, and beside it the table and the picture: `NAME.csv`, `NAME.svg`.
    ///
    /// - Parameters:
    ///   - path: The safetensors file. The names of the others are this without `.safetensors`.
    ///   - isNamedByUser: Whether links, devices and pipes of these names are written into and not replaced.
    /// - Throws: `SafetensorsError` or `RelationshipError.notWritten`, both with exit code 74.
    public func write(to path: String, isNamedByUser: Bool = false) throws {
        try writer().write(to: path, isNamedByUser: isNamedByUser)
        let stem = path.hasSuffix(".safetensors") ? String(path.dropLast(".safetensors".count)) : path
        for (text, path) in [(table(), stem + ".csv"), (picture(), stem + ".svg")] {
            let bytes = Array(text.utf8)
            do {
                if isNamedByUser {
                    try OutputFile.write(bytes, named: path)
                } else {
                    try OutputFile.replace(path, with: bytes)
                }
            } catch {
                throw RelationshipError.notWritten(path: path, reason: error.detail)
            }
        }
    }

    /// Reads `relationship.safetensors`.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - classNames: Names of the target classes that it must be of, in order.
    ///   - sourceClassCount: S that it must have.
    /// - Throws: `SafetensorsError` where the file cannot be read or is damaged; `RelationshipError` where it
    ///   is of other classes or another source head, or its rows are not distributions.
    public init(contentsOf path: String, classNames: [String], sourceClassCount: Int) throws {
        func unusable(_ reason: String) -> RelationshipError { .unusableFile(path: path, reason: reason) }
        let file = try SafetensorsFile(contentsOf: path)
        guard file.metadata["kind"] == Self.tensorName else {
            throw unusable("is not a relationship; `ballast relate` makes one")
        }
        let version = file.metadata["version"] ?? "none"
        guard version == Self.fileVersion else {
            throw unusable(
                "is of version \(version), this program reads \(Self.fileVersion); make it again with "
                    + "`ballast relate`")
        }
        guard let method = file.metadata["method"].flatMap({ Method(rawValue: $0) }) else {
            throw unusable("does not say its method, direct or reverse; make it again with `ballast relate`")
        }
        let named = file.metadata["class-names"].flatMap {
            try? JSONDecoder().decode([String].self, from: Data($0.utf8))
        }
        guard let named else { throw unusable("does not list its target classes") }
        if let difference = Self.difference(named, classNames) {
            throw unusable("\(difference); make it again for these data with `ballast relate`")
        }
        let probabilities = try file.tensor(Self.tensorName)
        guard probabilities.shape == [classNames.count, sourceClassCount] else {
            throw unusable(
                "has shape \(probabilities.shape), expected [\(classNames.count), \(sourceClassCount)]: it "
                    + "was made with another source head; make it again with `ballast relate`")
        }
        try self.init(probabilities: probabilities, method: method, classNames: classNames)
    }

    private func writer() -> SafetensorsWriter {
        // Encoding a list of strings cannot fail.
        let names = (try? JSONEncoder().encode(classNames)) ?? Data()
        var writer = SafetensorsWriter(metadata: [
            "kind": Self.tensorName, "version": Self.fileVersion, "method": method.rawValue,
            "class-names": String(decoding: names, as: UTF8.self),
            "source-classes": String(sourceClassCount),
        ])
        writer.add(Self.tensorName, probabilities)
        return writer
    }

    /// The first thing in which two lists of classes differ; nil where they are equal.
    private static func difference(_ found: [String], _ expected: [String]) -> String? {
        guard found.count == expected.count else {
            return "is of \(found.count) target classes, the data have \(expected.count)"
        }
        guard let row = found.indices.first(where: { found[$0] != expected[$0] }) else { return nil }
        return "has \"\(found[row])\" as target class \(row), the data have \"\(expected[row])\""
    }
}
