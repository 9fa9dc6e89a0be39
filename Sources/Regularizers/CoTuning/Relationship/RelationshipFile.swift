internal import Foundation
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

// `relationship.safetensors`, with the table beside it. Local: on rank 0 alone, or on each rank by itself; in a
// job, inside `coordinate`.
extension Relationship {
    /// Version of the file's layout; a reader refuses any other.
    private static let fileVersion = "1"
    private static let tensorName = "relationship"
    /// Key of the names of the source classes, which a file need not have.
    private static let sourceNamesKey = "source-class-names"

    /// The bytes of `relationship.safetensors`: the tensor `relationship` `[K, S]` of F32, and in the metadata
    /// `kind`, `version`, `method`, `class-names` (a JSON list), `source-classes`, where they are known
    /// `source-class-names` (a JSON list) and what is known of `key`:
    /// `weights`, `samples`, `transform`, for the reverse method `validation-samples` and `source-logit-scale`.
    public func serialized() -> [UInt8] { writer().serialized() }

    /// Writes `relationship.safetensors`, and beside it the table, `NAME.csv`.
    ///
    /// - Parameters:
    ///   - path: The safetensors file. The name of the table is this without `.safetensors`; a device or a pipe has
    ///     none beside it.
    ///   - isNamedByUser: Whether links, devices and pipes of these names are written into and not replaced.
    /// - Throws: `SafetensorsError` or `RelationshipError.notWritten`, both with exit code 74.
    public func write(to path: String, isNamedByUser: Bool = false) throws {
        try write(to: path, isNamedByUser: isNamedByUser, keptWith: [:])
    }

    /// The same with more metadata, for the run that reads it when it goes on.
    func write(to path: String, isNamedByUser: Bool = false, keptWith metadata: [String: String]) throws {
        try writer(metadata).write(to: path, isNamedByUser: isNamedByUser)
        if isNamedByUser, !OutputFile.isFile(named: path) { return }
        let bytes = Array(table().utf8)
        let table = Self.path(beside: path, extension: "csv")
        do {
            if isNamedByUser {
                try OutputFile.write(bytes, named: table)
            } else {
                try OutputFile.replace(table, with: bytes)
            }
        } catch {
            throw RelationshipError.notWritten(path: table, reason: error.detail)
        }
    }

    /// The name of what stands beside a relationship's file: its own without `.safetensors`, and an extension.
    public static func path(beside path: String, extension name: String) -> String {
        (path.hasSuffix(".safetensors") ? String(path.dropLast(".safetensors".count)) : path) + "." + name
    }

    /// Reads `relationship.safetensors` and checks it.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - classNames: Names of the target classes that it must be of, in order; nil where any will do.
    ///   - sourceClassCount: S that it must have; nil where any will do.
    ///   - key: What it must have been computed from; nil where that does not matter.
    /// - Throws: `SafetensorsError` where the file cannot be read or is damaged; `RelationshipError` where it
    ///   is of other classes, another source head or another key, or its rows are not distributions.
    public init(
        contentsOf path: String, classNames: [String]? = nil, sourceClassCount: Int? = nil,
        key: RelationshipKey? = nil
    ) throws {
        let file = try SafetensorsFile(contentsOf: path)
        let (method, names) = try Self.checked(file, key: key)
        if let difference = classNames.flatMap({ Self.difference(names, $0) }) {
            throw Self.unusable(file, "\(difference); make it again for these data with `ballast relate`")
        }
        let probabilities = try file.tensor(Self.tensorName)
        let expected = sourceClassCount ?? probabilities.shape.dimensions.last ?? 0
        guard probabilities.shape == [names.count, expected] else {
            throw Self.unusable(
                file,
                "has shape \(probabilities.shape), expected [\(names.count), \(expected)]: it was made with "
                    + "another source head; make it again with `ballast relate`")
        }
        do throws(RelationshipError) {
            try self.init(probabilities: probabilities, method: method, classNames: names)
        } catch {
            throw Self.unusable(file, "\(error) Make it again with `ballast relate`.")
        }
        self.key = RelationshipKey(metadata: file.metadata)
        guard let text = file.metadata[Self.sourceNamesKey] else { return }
        guard let sourceNames = Self.names(in: text), sourceNames.count == expected else {
            throw Self.unusable(
                file,
                "its \(Self.sourceNamesKey) are no list of \(expected) names; make it again with "
                    + "`ballast relate`")
        }
        sourceClassNames = sourceNames
    }

    /// A list of names as the metadata hold it; nil where it is none.
    private static func names(in text: String) -> [String]? {
        try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }

    private static func text(of names: [String]) -> String {
        // Encoding a list of strings cannot fail.
        String(decoding: (try? JSONEncoder().encode(names)) ?? Data(), as: UTF8.self)
    }

    /// Method and classes of a file whose kind, version and key are right.
    private static func checked(
        _ file: SafetensorsFile, key: RelationshipKey?
    ) throws(RelationshipError) -> (Method, [String]) {
        guard file.metadata["kind"] == tensorName else {
            throw unusable(file, "is not a relationship; `ballast relate` makes one")
        }
        let version = file.metadata["version"] ?? "none"
        guard version == fileVersion else {
            throw unusable(
                file,
                "is of version \(version), this program reads \(fileVersion); make it again with "
                    + "`ballast relate`")
        }
        guard let method = file.metadata["method"].flatMap({ Method(rawValue: $0) }) else {
            throw unusable(
                file, "does not say its method, direct or reverse; make it again with `ballast relate`")
        }
        guard let names = file.metadata["class-names"].flatMap(Self.names) else {
            throw unusable(file, "does not list its target classes")
        }
        for (name, value) in (key?.metadata(method) ?? [:]).sorted(by: { $0.key < $1.key })
        where file.metadata[name] != value {
            throw unusable(
                file,
                "was computed from other \(name) (\((file.metadata[name] ?? "none").excerpt) instead of \(value)); "
                    + "make it again with `ballast relate`")
        }
        return (method, names)
    }

    private static func unusable(_ file: SafetensorsFile, _ reason: String) -> RelationshipError {
        .unusableFile(path: file.path, reason: reason)
    }

    private func writer(_ more: [String: String] = [:]) -> SafetensorsWriter {
        var metadata = [
            "kind": Self.tensorName, "version": Self.fileVersion, "method": method.rawValue,
            "class-names": Self.text(of: classNames), "source-classes": String(sourceClassCount),
        ]
        metadata[Self.sourceNamesKey] = sourceClassNames.map(Self.text)
        var writer = SafetensorsWriter(
            metadata: metadata.merging(key?.metadata(method) ?? [:]) { own, _ in own }.merging(more) {
                own, _ in own
            })
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
