internal import ModelFiles

/// What a result depends on, by hashes: a result of anything else is not used.
package struct ComparisonKey: Codable, Sendable, Equatable {
    /// SHA-256 of `settings`.
    let configuration: String
    /// Configuration and contents of weights, a line `key: value` each.
    let settings: String
    /// Fingerprints of the training and validation samples.
    let samples: String
    /// Version and SHA-256 of the program.
    let program: String
    /// `training.seed`.
    let seed: UInt64
    /// How many ranks computed it: sums of other numbers of ranks differ in rounding.
    let ranks: Int

    package init(settings: String, samples: String, program: String, seed: UInt64, ranks: Int) {
        configuration = SHA256.digest(of: settings.utf8).description
        (self.settings, self.samples, self.program) = (settings, samples, program)
        (self.seed, self.ranks) = (seed, ranks)
    }

    /// Which hashes of this key are others than in a saved one, in words; empty where the result can be used.
    ///
    /// - Parameter includingRanks: Whether the number of ranks counts.
    package func differences(from saved: ComparisonKey, includingRanks: Bool) -> [String] {
        var differences: [String] = []
        if saved.configuration != configuration {
            let lines = Self.differences(saved: saved.settings, present: settings)
            differences.append(
                "the hash of the configuration was \(Self.short(saved.configuration)), is \(Self.short(configuration))"
                    + (lines.isEmpty ? "" : " (\(lines.joined(separator: "; ")))"))
        }
        if saved.samples != samples {
            differences.append(
                "the hashes of the samples were \(saved.samples.excerpt), are \(samples.excerpt)")
        }
        if saved.program != program {
            differences.append("the program was \(saved.program.excerpt), is \(program.excerpt)")
        }
        if saved.seed != seed { differences.append("the seed was \(saved.seed), is \(seed)") }
        if includingRanks, saved.ranks != ranks {
            differences.append("the number of ranks was \(saved.ranks), is \(ranks)")
        }
        return differences
    }

    /// The first of the lines that differ, in words.
    static func differences(saved: String, present: String) -> [String] {
        let (old, new) = (saved.split(separator: "\n"), present.split(separator: "\n"))
        let (oldLines, newLines) = (Set(old), Set(new))
        let gone = old.filter { !newLines.contains($0) }.prefix(namedCount)
        let come = new.filter { !oldLines.contains($0) }.prefix(namedCount)
        func words(_ line: Substring) -> String { String(line.drop(while: \.isWhitespace)).excerpt }
        return gone.map { "was \(words($0))" } + come.map { "is \(words($0))" }
    }

    private static let namedCount = 4

    private static func short(_ hash: String) -> String { String(hash.prefix(12)).excerpt }
}

extension RunConfiguration {
    /// What a result depends on: all that a run that goes on must have alike, and besides how long it trains, along
    /// which schedule, in which precision and from which initial state.
    ///
    /// - Parameters:
    ///   - weightsDigest: SHA-256 of the weights' file.
    ///   - initialStateDigest: SHA-256 of the initial state; `none` without.
    func resultSettings(weightsDigest: String, initialStateDigest: String) -> String {
        let schedule = YAMLEntry.text(schedule.entries).split(separator: "\n").map { "schedule.\($0)" }
        // The seed and the samples have hashes of their own.
        var other = self
        other.training.seed = 0
        return
            ([
                other.identity(weightsDigest: weightsDigest, samples: 0),
                "training.whole-epochs: \(training.epochs)",
                "training.precision: \(training.precision.rawValue)",
                "initial-state: \(initialStateDigest)",
            ] + schedule).joined(separator: "\n")
    }
}
