internal import Layers
internal import ModelFiles
internal import Networks
package import ProcessGroups
internal import Regularizers
internal import Tensors
internal import Training

/// Where a run's parameters start, and what its method is made from: pretrained or random weights, with a new head
/// or a given one.
package struct StartingPoint {
    /// The classifier, equal on all ranks.
    let classifier: Classifier
    /// The pretrained network's own classifier, where the method asks for it; equal on all ranks.
    let sourceHead: Linear?
    /// Names of the source head's classes, where the weights name them; on rank 0, which alone speaks of them.
    let sourceClassNames: [String]?
    /// The tensors of `initial-state` that belong to the method; equal on all ranks.
    let initialState: [NamedTensor]
    /// What was found in the weights, a line each; on rank 0, which alone speaks of it.
    let findings: [String]
    /// SHA-256 of the weights' file, the same on every rank; `none` without weights.
    let weightsDigest: String
    /// What random draws are keyed by.
    let seed: UInt64
    /// What the network computes in.
    let precision: PrecisionChoice

    private let network: NetworkConfiguration

    /// Reads the weights and the initial state on rank 0 and gives them to the other ranks. With `data.local` the first
    /// rank of each host reads them for its host, and the files are compared.
    ///
    /// - Throws: `CollectiveFailure` with the reader's error or with what differs, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ configuration: RunConfiguration, classCount: Int, group: any ProcessGroup) throws {
        var network = configuration.network
        precision = try PrecisionChoice(configuration.training.precision, group: group)
        network.precision = precision.elementType
        network.recomputation = configuration.training.recompute
        (self.network, seed) = (network, configuration.training.seed)
        let memory = try MemoryCheck(group)
        let readsHere =
            network.weights != nil && (configuration.data.isLocal || memory.isHostOfFirstRank)
        try group.agree {
            try memory.require(configuration.network, classCount: classCount, readsWeights: readsHere)
        }
        classifier = Self.randomClassifier(network, classCount: classCount, seed: seed)
        var files = StartingFiles()
        let reading = try SharedReading(group, isLocal: configuration.data.isLocal)
        try reading.read { [classifier] in
            files = try StartingFiles(configuration, filling: classifier)
        }
        // Random numbers of two hosts may differ in their last bit: what is no file's is rank 0's.
        let isOfFiles = network.weights != nil
        try classifier.replicate(over: isOfFiles ? reading.receivers : group)
        if isOfFiles, reading.isLocal { try classifier.replicateHead(over: group) }
        let source = try files.sourceHead.replicated(over: reading.receivers)
        sourceHead =
            source.isEmpty
            ? nil : Linear(name: "source-head", weight: source[0].tensor, bias: source[1].tensor)
        (sourceClassNames, findings) = (files.sourceClassNames, files.findings)
        initialState = try files.initialState.replicated(over: reading.receivers)
        weightsDigest = try JobChecks.weightsDigest(configuration, group: group)
    }

    /// Random weights, equal on all ranks, and a random source head, for measurements and tests; the network's precision
    /// is what `network` says.
    package init(
        random network: NetworkConfiguration, classCount: Int, sourceClassCount: Int, seed: UInt64 = 0
    ) {
        (self.network, self.seed) = (network, seed)
        classifier = Self.randomClassifier(network, classCount: classCount, seed: seed)
        let head = Linear(
            name: "source-head", inputs: classifier.backbone.featureCount, outputs: sourceClassCount)
        head.initialize(seed: seed)
        sourceHead = head
        (sourceClassNames, initialState, findings, weightsDigest) = (nil, [], [], "none")
        precision = .float32
    }

    /// Which network it is.
    var networkName: NetworkName { network.name }

    /// That tensors of `initial-state` belong to another method and are not used; nil where there are none.
    func noticeOfUnusedState(_ method: MethodName) -> String? {
        guard method != .biTuning, !initialState.isEmpty else { return nil }
        return
            "initial-state: \(initialState.map(\.name).listed()) of method bi-tuning have no effect with \(method.rawValue)"
    }

    /// Another backbone of the same kind, its convolutions zero.
    func makeBackbone() -> any Backbone { network.makeBackbone() }

    /// The pretrained network's classifier, for a method that says it needs one.
    ///
    /// - Throws: `UsageError` where the run starts without weights.
    var existingSourceHead: Linear {
        get throws {
            guard let sourceHead else {
                throw UsageError("the method needs the classifier of the pretrained network")
            }
            return sourceHead
        }
    }

    /// What a method may use before the first step.
    ///
    /// - Parameters:
    ///   - samples: What it may look at.
    ///   - directory: The folder for files that it leaves behind.
    ///   - goesOn: Whether the run goes on from a checkpoint.
    ///   - say: Tells the user a line, on rank 0.
    func preparation(
        on samples: MethodSamples, group: any ProcessGroup, directory: String, goesOn: Bool = false,
        say: @escaping (String) -> Void = { _ in }
    ) -> Preparation {
        Preparation(
            backbone: classifier.backbone, weightsDigest: weightsDigest, sourceClassNames: sourceClassNames,
            training: samples.training, validation: samples.validation, group: group, seed: seed,
            directory: directory, goesOn: goesOn, say: say)
    }

    private static func randomClassifier(
        _ network: NetworkConfiguration, classCount: Int, seed: UInt64
    ) -> Classifier {
        let classifier = Classifier(backbone: network.makeBackbone(), classCount: classCount)
        classifier.backbone.initialize(seed: seed)
        classifier.head.initialize(seed: seed)
        return classifier
    }
}
