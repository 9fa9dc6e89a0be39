internal import ModelFiles
internal import ProcessGroups

/// What a model says of each sample, as CSV: some columns of text, and a probability for each class.
struct PredictionTable {
    private let header: String
    /// Those of this rank's samples, in their order.
    private var lines: [String] = []

    /// A table without lines.
    ///
    /// - Parameters:
    ///   - columns: Names of the columns of text.
    ///   - classCount: Classes; the probabilities' columns are `probability-0`, `probability-1` and so on.
    init(_ columns: [String], classCount: Int) {
        header = CSVText.line(columns + (0..<classCount).map { "probability-\($0)" })
    }

    /// Adds a line.
    mutating func add(_ texts: [String], _ probabilities: [Float]) {
        lines.append(CSVText.line(texts + probabilities.map { "\($0)" }))
    }

    /// The lines of all ranks under the header, on every rank. Ranks hold contiguous parts of the samples, so the
    /// lines in order of rank are in order of the samples.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func gathered(over group: any ProcessGroup) throws -> [UInt8] {
        try Array(header.utf8) + group.allGatherEach(Array(lines.joined().utf8)).joined()
    }

    /// Writes the lines of all ranks on rank 0.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func write(to path: String, group: any ProcessGroup) throws {
        let bytes = try gathered(over: group)
        try group.coordinate { () throws -> Void in try OutputFile.write(bytes, named: path) }
    }
}
