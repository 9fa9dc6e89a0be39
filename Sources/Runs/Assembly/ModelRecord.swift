internal import Foundation
package import ImageData
internal import ModelFiles
package import Training

/// What `model.json` says: what a saved model is, how good it is, and what it was made from.
///
/// It lies beside `model.safetensors` and names that file's SHA-256: a record of another model, which a run that was
/// killed may leave, is told apart and not used. What the model is stands in the header of its file as well.
package struct ModelRecord: Codable, Equatable {
    /// Version of the layout; a reader refuses any other.
    private static let currentFormat = 1
    /// A larger file is no record: names of a hundred thousand classes take less.
    private static let largestFile = 16 << 20

    private var formatVersion = Self.currentFormat
    /// Version of the program that wrote it.
    package var ballastVersion: String
    /// Network, classes and preprocessing.
    package var model: ModelDescription
    /// SHA-256 of `model.safetensors`.
    package var modelSha256: String
    /// Name of the method.
    package var method: String
    /// SHA-256 of the pretrained weights; nil without any.
    package var sourceWeightsSha256: String?
    /// Steps after which the model stood.
    package var step: Int
    /// By which number of the validation split it was chosen; nil without one.
    package var bestBy: BestMeasure?
    /// Samples that it was trained on; nil where an earlier version wrote the record.
    package var trainingSamples: Int?
    /// How it did on the splits that the run had.
    package var metrics: Metrics

    /// Evaluations of the model.
    package struct Metrics: Codable, Equatable {
        package var validation: Evaluation?
        package var test: Evaluation?
    }

    /// The record of a run's model.
    package init(
        _ model: ModelDescription, _ result: ModelResult, method: MethodName, sourceWeights: String,
        trainingSamples: Int? = nil
    ) {
        ballastVersion = BallastVersion.current
        (self.model, self.method) = (model, method.rawValue)
        modelSha256 = result.digest.description
        sourceWeightsSha256 = FileDigest(hexadecimal: sourceWeights)?.description
        (step, bestBy, self.trainingSamples) = (result.step, result.bestBy, trainingSamples)
        metrics = Metrics(validation: result.validation, test: result.test)
    }

    /// The bytes of the file: one object, keys in kebab-case and sorted. Metrics that are not finite are null.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .custom { KebabCaseKey($0).key }
        return Array(try encoder.encode(self)) + Array("\n".utf8)
    }

    /// Reads a file; nothing in it is taken as given.
    ///
    /// - Returns: The record; nil where there is no file.
    /// - Throws: `DataError`: 74 where the file cannot be read, 65 where it is no record.
    package init?(contentsOf path: String) throws(DataError) {
        let bytes: Data
        do {
            bytes = Data(try SmallFile.read(path, limit: Self.largestFile).bytes)
        } catch {
            switch error {
            case .missing: return nil
            case .system(let reason): throw DataError(.inputOutput, path: path, "cannot be read: \(reason)")
            case .ofAnotherKind, .tooLarge, .silent:
                throw DataError(
                    .format, path: path,
                    "is not a file of at most \(Self.largestFile) bytes, as the description of a model is; remove it: the "
                        + "header of the model has what its use needs")
            }
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { CamelCaseKey($0).key }
        // As earlier versions wrote them.
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let record = try? decoder.decode(Self.self, from: bytes),
            record.formatVersion == Self.currentFormat
        else {
            throw DataError(
                .format, path: path,
                "is not the description of a model of format \(Self.currentFormat), as `ballast train` writes it; "
                    + "remove it: the header of the model has what its use needs")
        }
        self = record
    }
}

/// A key as the file has it: `class-names` for `classNames`.
private struct KebabCaseKey {
    let key: TextKey

    init(_ path: [any CodingKey]) {
        let name = path.last?.stringValue ?? ""
        key = TextKey(
            stringValue: name.reduce(into: "") { text, character in
                text += character.isUppercase ? "-\(character.lowercased())" : String(character)
            })
    }
}

/// A key as the program has it.
private struct CamelCaseKey {
    let key: TextKey

    init(_ path: [any CodingKey]) {
        let parts = (path.last?.stringValue ?? "").split(separator: "-", omittingEmptySubsequences: false)
        key = TextKey(
            stringValue: parts.dropFirst().reduce(String(parts.first ?? "")) {
                $0 + $1.prefix(1).uppercased() + $1.dropFirst()
            })
    }
}

private struct TextKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
