internal import Foundation
internal import ModelFiles
internal import ProcessGroups
internal import Training

/// Sample, label, prediction and probabilities of each sample, as CSV.
struct PredictionTable {
    private let classCount: Int
    /// Those of this rank's samples, in their order.
    private var lines: [String] = []

    init(classCount: Int) { self.classCount = classCount }

    /// Adds a line.
    mutating func add(_ prediction: Prediction, identifier: String) {
        let name =
            identifier.contains(where: { ",\"\n\r".contains($0) })
            ? "\"" + identifier.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : identifier
        let values =
            [name, String(prediction.label), String(prediction.predicted)]
            + prediction.probabilities.map { "\($0)" }
        lines.append(values.joined(separator: ","))
    }

    /// Writes the lines of all ranks on rank 0. Ranks hold contiguous parts of the samples, so the lines in order of
    /// rank are in order of the samples.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func write(_ path: String, group: any ProcessGroup) throws {
        let parts = try group.allGatherEach(Array(lines.map { $0 + "\n" }.joined().utf8))
        try group.coordinate { () throws -> Void in
            let probabilities = (0..<classCount).map { ",probability-\($0)" }.joined()
            let header = "sample,label,prediction\(probabilities)\n"
            try OutputFile.write(Array(header.utf8) + parts.joined(), named: path)
        }
    }
}
