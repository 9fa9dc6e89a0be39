/// What the runs of a comparison came to: all that its tables are made of.
package struct ComparisonOutcomes: Sendable {
    /// A method with a setting.
    package struct Entry: Sendable {
        /// The method's name.
        let method: String
        /// What it has of the grid.
        let setting: [String]
        /// Whether it is in the table; false: another setting of the method was better on the validation split.
        package let isChosen: Bool
        /// Its runs, in order of the seeds: those of the table, or else those by which settings were chosen.
        let runs: [Run]
        /// The runs by which a setting in the table was chosen.
        let selectionRuns: [Run]
        /// After how many epochs it was stopped, for settings that were better until then; nil: it was not.
        let stoppedEpoch: Int?

        package init(
            method: String, setting: [String] = [], isChosen: Bool = true, runs: [Run],
            selectionRuns: [Run] = [], stoppedEpoch: Int? = nil
        ) {
            (self.method, self.setting, self.isChosen) = (method, setting, isChosen)
            (self.runs, self.selectionRuns, self.stoppedEpoch) = (runs, selectionRuns, stoppedEpoch)
        }

        /// Method and setting.
        var title: String { ([method] + setting).joined(separator: " ") }

        /// How many of its runs diverged, `2 of 5`; nil where none did.
        var divergedWords: String? {
            let count = runs.count { $0.divergence != nil }
            return count > 0 ? "\(count) of \(runs.count)" : nil
        }
    }

    /// A run.
    package struct Run: Sendable {
        /// `training.seed`.
        let seed: UInt64
        /// Why it diverged; nil where it did not.
        let divergence: String?
        /// The accuracy of its model on the validation split; nil without a model or the split.
        let validation: Double?
        /// For each test picture 1 where it was right and 0 where not; nil where it was not looked at.
        let right: [Double]?
        /// Epochs, seconds and the most memory of a rank in bytes.
        let (epochs, seconds, peakMemoryBytes): (Int, Double, Int64)
        /// Numbers that are trained.
        let trainedParameters: Int?

        package init(
            seed: UInt64, divergence: String? = nil, validation: Double?, right: [Double]?, epochs: Int,
            seconds: Double, trainedParameters: Int?, peakMemoryBytes: Int64
        ) {
            (self.seed, self.divergence, self.validation, self.right) = (seed, divergence, validation, right)
            (self.epochs, self.seconds, self.peakMemoryBytes) = (epochs, seconds, peakMemoryBytes)
            self.trainedParameters = trainedParameters
        }

        /// A run by what is kept of it.
        init(seed: UInt64, _ record: RunRecord, right: [Double]?) {
            self.init(
                seed: seed, divergence: record.divergence, validation: record.validation?.accuracy,
                right: right, epochs: record.epochs, seconds: record.seconds,
                trainedParameters: record.trainedParameters, peakMemoryBytes: record.peakMemoryBytes)
        }
    }

    /// The methods and their settings, in order.
    let entries: [Entry]
    /// The method that the others are compared with.
    let baseline: String
    /// Differences up to this one do not matter in practice, a share.
    let margin: Double
    /// Whether each is compared with each.
    let comparesAllPairs: Bool
    /// The seeds of the table.
    let seeds: [UInt64]
    /// The seeds by which settings were chosen.
    let selectionSeeds: [UInt64]
    /// Numbers of seeds at which the table is looked at.
    let looks: [Int]
    /// For each test picture the number of its unit, from 0 on: pictures of one patient are one.
    let units: [Int]
    /// Fingerprint of the test samples.
    let testSamples: String
    /// Numbers of ranks of the runs; within a seed it is one.
    let ranks: [Int]
    /// Which images were left out, in words; nil: none.
    let leftOut: String?

    package init(
        entries: [Entry], baseline: String, margin: Double, comparesAllPairs: Bool, seeds: [UInt64],
        selectionSeeds: [UInt64], looks: [Int], units: [Int], testSamples: String, ranks: [Int],
        leftOut: String? = nil
    ) {
        (self.entries, self.baseline, self.margin) = (entries, baseline, margin)
        (self.comparesAllPairs, self.seeds, self.selectionSeeds) = (comparesAllPairs, seeds, selectionSeeds)
        (self.looks, self.units, self.testSamples, self.ranks) = (looks, units, testSamples, ranks)
        self.leftOut = leftOut
    }

    /// How many units the pictures are.
    var unitCount: Int { (units.max() ?? -1) + 1 }
}
