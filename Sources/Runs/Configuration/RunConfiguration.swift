/// Everything that decides what a training run computes, with every default filled in.
///
/// Read from a YAML file and `--set` options. Each section stands in a file of its own with its reader and its
/// writer side by side; adding a key touches that file and its test.
package struct RunConfiguration: Sendable, Equatable {
    /// What is added to the classification loss.
    package var method: MethodConfiguration
    /// The network and the weights it starts from.
    var network: NetworkConfiguration
    /// The images, their split and their transforms.
    package var data: DataConfiguration
    /// The rule that turns gradients into steps.
    var optimizer: OptimizerConfiguration
    /// How the learning rate changes over the run.
    var schedule: ScheduleConfiguration
    /// How long, in which batches and in which order.
    package var training: TrainingConfiguration
    /// How gradients travel between ranks.
    var communication: CommunicationConfiguration
    /// How often the run saves, and what it keeps.
    var checkpoint: CheckpointConfiguration
    /// A file of named tensors to start from, such as `head.weight`; absolute. Default nil: a random head.
    var initialState: String?
    /// The folder of the run; absolute, required. It need not exist.
    package var output: String

    /// Reads a file and applies `--set` options to it, in their order.
    ///
    /// Relative paths, those of the options too, are relative to the folder of the file; to the current folder where the
    /// text comes from a pipe. Throws
    /// `ConfigurationError` for anything that is not exactly a configuration of this version.
    package init(file: String, assignments: [String] = []) throws {
        self = try ConfigurationSource(file: file).configuration(assignments)
    }

    /// Reads the text of a file, for a rank that got the text from another. `file` stands in messages;
    /// `directory` is absolute and is what relative paths are relative to.
    package init(text: String, file: String, directory: String, assignments: [String] = []) throws {
        let document = try ConfigurationDocument(text: text, file: file)
        try self.init(document, directory: directory, assignments: assignments)
    }

    /// Applies `--set` options to a file that was read.
    init(_ document: ConfigurationDocument, directory: String, assignments: [String]) throws {
        var document = document
        for assignment in assignments {
            try Assignment(assignment).apply(to: &document)
        }
        var reader = try SectionReader(document.root, directory: directory)
        try self.init(reading: &reader)
        try reader.finish()
        // A condition of two sections comes last: mistakes within one have a line of their own.
        guard network.weights != nil || !method.name.settings.needsPretrainedWeights else {
            throw reader.error(
                at: "network",
                "has no weights, but method '\(method.name.rawValue)' \(method.name.settings.takesSteps ? "compares with pretrained weights" : "classifies by pretrained features"); set "
                    + "network.weights to a file, or method.name to fine-tune")
        }
    }

    private init(reading reader: inout SectionReader) throws {
        let path = ValueKind.path(relativeTo: reader.directory)
        // Which stages a method can compare depends on the network. A name that is wrong is an error below.
        let networks =
            reader.preview("network", "name", .choice).map { [$0] } ?? NetworkConfiguration.Name.allCases
        let stageNames = networks.flatMap(\.stageNames)
        let method = try reader.section("method") {
            try MethodConfiguration(reading: &$0, stageNames: stageNames)
        }
        self.method = method
        let network = try reader.section("network", NetworkConfiguration.init(reading:))
        self.network = network
        data = try reader.section("data", DataConfiguration.init(reading:))
        optimizer = try reader.section("optimizer") {
            try OptimizerConfiguration(
                reading: &$0, defaultWeightDecay: method.name.settings.defaultWeightDecay,
                isPretrained: network.weights != nil)
        }
        schedule = try reader.section("schedule", ScheduleConfiguration.init(reading:))
        training = try reader.section("training", TrainingConfiguration.init(reading:))
        communication = try reader.section(
            "communication", CommunicationConfiguration.init(reading:))
        checkpoint = try reader.section("checkpoint", CheckpointConfiguration.init(reading:))
        initialState = try reader.optional("initial-state", path)
        output = try reader.required("output", path)
    }

    /// The whole configuration as YAML with every value explicit, which reads again as an equal value.
    ///
    /// Each of `comments` becomes a line `# …` before it: version, host names, ranks and the like.
    package func yaml(comments: [String] = []) -> String {
        let heading = comments.flatMap { $0.split(whereSeparator: \.isNewline) }.map { "# \($0)\n" }.joined()
        return heading + YAMLEntry.text(entries)
    }

    /// The sections, and the keys beside them.
    private var entries: [YAMLEntry] {
        [
            YAMLEntry("method", .mapping(method.entries)),
            YAMLEntry("network", .mapping(network.entries)),
            YAMLEntry("data", .mapping(data.entries)),
            YAMLEntry("optimizer", .mapping(optimizer.entries)),
            YAMLEntry("schedule", .mapping(schedule.entries)),
            YAMLEntry("training", .mapping(training.entries)),
            YAMLEntry("communication", .mapping(communication.entries)),
            YAMLEntry("checkpoint", .mapping(checkpoint.entries)),
            YAMLEntry("initial-state", .optionalText(initialState)),
            YAMLEntry("output", .text(output)),
        ]
    }

    /// Every value by its path, `optimizer.learning-rate` for example, in the order of the file; those that are null are
    /// left out.
    var values: [(path: String, value: YAMLValue)] { Self.values(of: entries, under: "") }

    private static func values(
        of entries: [YAMLEntry], under prefix: String
    ) -> [(path: String, value: YAMLValue)] {
        entries.flatMap { entry -> [(path: String, value: YAMLValue)] in
            switch entry.value {
            case .null: []
            case .mapping(let inner): values(of: inner, under: "\(prefix)\(entry.key).")
            default: [(prefix + entry.key, entry.value)]
            }
        }
    }
}

extension RunConfiguration {
    /// What must stay the same for a run to go on from a checkpoint, a line each: everything but how long it
    /// trains, along which schedule, in which precision, how it saves, where its files lie and how they are read. Files
    /// count by their contents.
    ///
    /// - Parameters:
    ///   - weightsDigest: SHA-256 of the weights' file.
    ///   - samples: Fingerprint of the training samples.
    package func identity(weightsDigest: String, samples: UInt64) -> String {
        var other = self
        let reference = self.data
        other.training.epochs = 1
        (other.data.workers, other.data.cacheBytes) = (1, 0)
        other.data.train = "by contents"
        other.data.test = reference.test == nil ? nil : "given"
        if case .path = reference.validation { other.data.validation = .path("given") }
        other.network.weights = weightsDigest
        other.initialState = nil
        other.output = ""
        let sections = [
            ("method", other.method.identity), ("network", other.network.entries),
            ("data", other.data.identity),
            ("optimizer", other.optimizer.entries), ("training", other.training.identity),
        ]
        let wireFormat = YAMLEntry("wire-format", .text(communication.wireFormat.rawValue))
        let lines = (sections + [("communication", [wireFormat])]).flatMap { name, entries in
            YAMLEntry.text(entries).split(separator: "\n").map { "\(name).\($0)" }
        }
        return (lines + ["samples: \(String(samples, radix: 16))"]).joined(separator: "\n")
    }
}
