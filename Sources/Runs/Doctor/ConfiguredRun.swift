internal import ImageData
internal import Layers
package import ProcessGroups
internal import Regularizers
internal import Training

/// A run as far as it can be made without writing anything: what stands in its way, how fast it reads and trains.
package struct ConfiguredRun {
    /// Where the run would write; nil where it cannot.
    package private(set) var output: OutputFacts?
    /// The data; nil where they cannot be read.
    package private(set) var data: DataFacts?
    /// What steps cost; nil where there can be none.
    package private(set) var step: StepFacts?
    /// Why the run could not start, the same on every rank.
    package private(set) var failures = FailureCollection()

    private let configuration: RunConfiguration
    private let group: any ProcessGroup

    /// Tries what `ballast train` does before its first step, and some steps, and goes on after failures.
    ///
    /// - Parameters:
    ///   - configuration: The same on every rank.
    ///   - group: The ranks.
    ///   - say: Tells the user a line.
    /// - Throws: Errors that other ranks may not know of.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ configuration: RunConfiguration, group: any ProcessGroup, say: (String) -> Void) throws {
        (self.configuration, self.group) = (configuration, group)
        let fits: Void? = try failures.attempt(
            "training", remedy: "other training.global-batch, training.accumulation or number of ranks"
        ) { try TrainingRun.check(configuration.training, group: group) }
        let splits = try failures.attempt(
            "data", remedy: "set data.train, data.validation and data.test to files that every host has"
        ) { try TrainingSplits.open(configuration, group: group) }
        let start = try startingPoint(classCount: splits?.training.classCount)
        try examineOutput()
        guard let splits, fits != nil else { return }
        let regularizer = try start.flatMap { try makeRegularizer($0) }
        say("reading images")
        try read(splits, secondView: regularizer?.needs.secondView ?? false)
        guard let start, let regularizer, data != nil else { return }
        say("measuring steps")
        step = try failures.attempt(
            "method", remedy: "see what the message says of the method's files and data"
        ) {
            try StepEstimate(configuration, start, splits, regularizer, group).measure()
        }
    }

    /// The parameters that the run starts from. Without data their number of classes is not known, so that what
    /// depends on it is left out.
    private mutating func startingPoint(classCount: Int?) throws -> StartingPoint? {
        var configuration = configuration
        if classCount == nil { configuration.initialState = nil }
        let group = group
        return try failures.attempt(
            "weights",
            remedy:
                "set network.weights to a .safetensors file with torchvision's or timm's names for this network, and "
                + "initial-state to one with those of its head"
        ) {
            let start = try StartingPoint(configuration, classCount: classCount ?? 2, group: group)
            _ = try JobChecks.weightsDigest(configuration, group: group)
            return start
        }
    }

    private mutating func examineOutput() throws {
        let (path, group) = (configuration.output, group)
        output =
            try failures.attempt(
                "output",
                remedy:
                    "set output to a folder of its own that rank 0 may make or write, or change permissions"
            ) {
                var facts: OutputFacts?
                try group.coordinate { () throws -> Void in facts = try OutputFolder.examine(path) }
                return facts
            } ?? nil
    }

    /// The method, before it has looked at any data.
    private mutating func makeRegularizer(_ start: StartingPoint) throws -> (any Regularizer)? {
        let (configuration, group) = (configuration, group)
        return try failures.attempt(
            "method", remedy: "see the message; ballast train --dry-run prints every value"
        ) {
            let regularizer = try group.agree {
                try configuration.method.settings.withoutAttention.makeRegularizer(
                    from: MethodIngredients(
                        classifier: start.classifier, sourceHead: start.sourceHead,
                        makeBackbone: configuration.network.makeBackbone, initialState: start.initialState,
                        seed: configuration.training.seed))
            }
            try TrainingRun.check(regularizer.needs, configuration)
            return regularizer
        }
    }

    private mutating func read(_ splits: TrainingSplits, secondView: Bool) throws {
        let (configuration, group) = (configuration, group)
        data = try failures.attempt(
            "data", remedy: "see the message for the file or the key of the section data"
        ) {
            let loader = try TrainingRun.loaders(splits, configuration, secondView: secondView, group: group)
                .training
            let microBatches = configuration.training.accumulation
            let rows = try group.allGather([Int64(loader.rows.count)]).max() ?? 0
            return DataFacts(
                trainingCount: splits.training.count, validationCount: splits.validation?.count,
                testCount: splits.test?.count, classCount: splits.training.classCount,
                imageSize: splits.imageShape.dimensions,
                rankBatch: Int(rows) * microBatches,
                stepSeconds: try LoaderMeasurement.stepSeconds(
                    loader, microBatches: microBatches, group: group))
        }
    }
}

extension MethodSettings {
    /// The same, but DELTA with all channels alike: a step costs as much, and the attention takes long to learn.
    fileprivate var withoutAttention: MethodSettings {
        guard case .delta(var settings) = self else { return self }
        settings.features = .plain
        return .delta(settings)
    }

    /// Whether the method looks at all training samples once before the first step.
    package var hasPreparation: Bool {
        switch self {
        case .lwf, .coTuning: true
        // DELTA's attention takes far more than one look; it is not estimated.
        case .fineTune, .l2SP, .delta, .biTuning, .bss: false
        }
    }
}
