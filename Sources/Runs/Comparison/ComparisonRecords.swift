internal import Foundation
internal import ImageData
internal import ModelFiles
internal import Training

/// What is kept of a run of a comparison once it has ended.
struct RunRecord: Codable, Sendable, Equatable {
    /// What it depends on.
    let key: ComparisonKey
    /// Why the training diverged; nil where it did not.
    let divergence: String?
    /// Whether there is a model: a run that diverged may have saved one before.
    let hasModel: Bool
    /// The saved model on the validation split, if there are both.
    let validation: Evaluation?
    /// Epochs after which it ended; 0 for a method that takes no steps.
    let epochs: Int
    /// Seconds of the start that came to the end.
    let seconds: Double
    /// Numbers that are trained; nil where the run ended before it had any.
    let trainedParameters: Int?
    /// The most memory that a rank held.
    let peakMemoryBytes: Int64
}

/// What the model of a run got right on the test split.
struct TestRecord: Codable, Sendable, Equatable {
    /// What the run depends on.
    let key: ComparisonKey
    /// Fingerprint of the test samples.
    let testSamples: String
    /// For each picture, in order, `1` where it was classified right and `0` where not.
    let right: String
    /// The evaluation; nil without a model.
    let evaluation: Evaluation?
}

/// What is written when a run begins, so that another one does not go on from it.
struct StartRecord: Codable, Sendable, Equatable {
    /// What the run depends on.
    let key: ComparisonKey
}

/// What a comparison is, and which looks at the test split it has had.
struct PlanRecord: Codable, Sendable, Equatable {
    /// The plan.
    let plan: ComparisonPlan
    /// Numbers of seeds at which the table was looked at.
    let looks: [Int]
    /// How many ranks do a run.
    let ranks: Int
}

/// A file of a comparison with its version: JSON that is written complete or not at all.
struct ComparisonFile<Record: Codable> {
    private struct Versioned: Codable {
        let format: Int
        let record: Record
    }

    private static var currentFormat: Int { 1 }
    /// Outcomes of millions of pictures take less.
    private static var largestFile: Int { 64 << 20 }

    let path: String
    /// What to do where it holds something else.
    var remedy = "remove it, and what it tells of is done again"

    /// The bytes of the file; nil where there is none.
    ///
    /// - Throws: `DataError` 74 where it cannot be read, 65 where it is nothing that this version wrote.
    func read() throws(DataError) -> Record? {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, limit: Self.largestFile).bytes
        } catch {
            switch error {
            case .missing: return nil
            case .system(let reason): throw DataError(.inputOutput, path: path, "cannot be read: \(reason)")
            case .ofAnotherKind, .tooLarge, .silent: throw damaged(error.description)
            }
        }
        guard let versioned = try? JSONDecoder().decode(Versioned.self, from: Data(bytes)),
            versioned.format == Self.currentFormat
        else { throw damaged("is not such a record of format \(Self.currentFormat)") }
        return versioned.record
    }

    /// Writes the file.
    ///
    /// - Throws: `OutputFileError`; what was there before is as it was then.
    func write(_ record: Record) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(Versioned(format: Self.currentFormat, record: record))
        try OutputFile.replace(path, with: Array(bytes) + [0x0A])
    }

    /// The error about a file that holds something else.
    func damaged(_ problem: String) -> DataError {
        DataError(
            .format, path: path,
            "\(problem), as `ballast compare` writes them; \(remedy)")
    }
}
