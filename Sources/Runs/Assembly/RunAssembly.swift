internal import Layers
internal import ProcessGroups
internal import Regularizers
internal import Training

/// A model and its method, put together as a configuration says: what `train`, `doctor` and `benchmark` share.
struct RunAssembly {
    /// The model at its starting point; the steps move its parameters.
    let start: StartingPoint
    /// The method.
    let regularizer: any Regularizer

    private let configuration: StepConfiguration
    private let group: any ProcessGroup

    /// Makes the method, which looks at no samples yet.
    ///
    /// - Throws: `CollectiveFailure` where something does not fit the network, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ configuration: StepConfiguration, _ start: StartingPoint, group: any ProcessGroup) throws {
        (self.configuration, self.start, self.group) = (configuration, start, group)
        regularizer = try group.agree { try configuration.method.settings.makeRegularizer(from: start) }
    }

    /// Lets the method look at the samples.
    ///
    /// - Parameters:
    ///   - samples: What it may look at.
    ///   - directory: The folder for files that it leaves behind; nil: one that is removed at once.
    ///   - goesOn: Whether the run goes on from a checkpoint.
    ///   - say: Tells the user a line, on rank 0.
    /// - Throws: What files, data and the group throw, the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func prepareMethod(
        on samples: MethodSamples, directory: String?, goesOn: Bool = false,
        say: @escaping (String) -> Void = { _ in }
    ) throws {
        guard let directory else {
            return try TemporaryFolder.use { try prepareMethod(on: samples, directory: $0, say: say) }
        }
        try regularizer.prepare(
            start.preparation(on: samples, group: group, directory: directory, goesOn: goesOn, say: say))
    }

    /// All that is trained: the network's parameters, and those that the method trains along.
    var parameterGroups: [ParameterGroup] {
        let backboneFactor = configuration.optimizer.backboneFactor
        let all = [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: backboneFactor,
                parameters: start.classifier.backbone.parameters),
            ParameterGroup(
                name: "method", part: .method, learningRateMultiplier: backboneFactor,
                parameters: regularizer.ownParameters),
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1,
                parameters: start.classifier.head.parameters),
        ]
        return all.filter { $0.part != .method || !$0.parameters.isEmpty }
    }

    /// The step, which moves the parameters into buffers of its own.
    ///
    /// - Parameters:
    ///   - faults: What goes wrong, in tests.
    ///   - profile: Records steps; nil: nothing is recorded.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func makeStep(faults: FaultSchedule = .none, profile: Profile? = nil) throws -> TrainingStep {
        try TrainingStep(
            start.classifier, groups: parameterGroups, regularizer: regularizer,
            optimizer: configuration.optimizer.makeOptimizer(),
            maxGradientNorm: configuration.maxGradientNorm,
            normalization: configuration.network.batchNorm, group: group,
            communication: configuration.communication.settings, observer: faults.observer(rank: group.rank),
            profile: profile)
    }
}
