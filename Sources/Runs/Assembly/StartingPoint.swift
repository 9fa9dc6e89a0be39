package import Layers
internal import ModelFiles
package import ProcessGroups
package import Regularizers
internal import Tensors
internal import Training

/// Where a run's parameters start: pretrained or random, with a new head or a given one.
package struct StartingPoint {
    /// The classifier, equal on all ranks.
    package let classifier: Classifier
    /// The pretrained network's own classifier, where the method asks for it; equal on all ranks.
    package let sourceHead: Linear?
    /// Names of the source head's classes, where the weights name them.
    package let sourceClassNames: [String]?
    /// The tensors of `initial-state` that belong to the method; equal on all ranks.
    package let initialState: [NamedTensor]

    /// Rank 0 reads the files, the others receive.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ configuration: RunConfiguration, classCount: Int, group: any ProcessGroup) throws {
        let classifier = Classifier(backbone: configuration.network.makeBackbone(), classCount: classCount)
        let seed = configuration.training.seed
        classifier.backbone.initialize(seed: seed)
        classifier.head.initialize(seed: seed)
        var source: [NamedTensor] = []
        var state: [NamedTensor] = []
        var names: [String] = []
        try group.coordinate { () throws -> Void in
            if let weights = configuration.network.weights {
                let file = try SafetensorsFile(contentsOf: weights)
                try classifier.backbone.load(file)
                if configuration.method.settings.needsSourceHead {
                    source = try Self.sourceHead(in: file, of: classifier.backbone, configuration.method.name)
                    let described = (try? ModelDescription(file))?.classNames ?? []
                    if described.count == source[0].tensor.shape[0] { names = described }
                }
            }
            if let path = configuration.initialState {
                state = try Self.load(try SafetensorsFile(contentsOf: path), into: classifier)
            }
        }
        try classifier.replicate(over: group)
        source = try source.replicated(over: group)
        self.classifier = classifier
        // Rank 0 alone speaks of them.
        sourceClassNames = names.isEmpty ? nil : names
        initialState = try state.replicated(over: group)
        sourceHead =
            source.isEmpty
            ? nil : Linear(name: "source-head", weight: source[0].tensor, bias: source[1].tensor)
    }

    /// Weight and bias of the pretrained network's classifier.
    private static func sourceHead(
        in file: SafetensorsFile, of backbone: any Backbone, _ method: MethodName
    ) throws -> [NamedTensor] {
        let names = [backbone.headName + ".weight", backbone.headName + ".bias"]
        let shapes = names.map { file.shape(of: $0) }
        guard let weight = shapes[0], let bias = shapes[1], weight.rank == 2,
            weight[1] == backbone.featureCount,
            bias == [weight[0]]
        else {
            let found = zip(names, shapes).map { "'\($0)' \($1.map { "of shape \($0)" } ?? "missing")" }
            throw UsageError(
                "\(file.path): method \(method.rawValue) needs the linear classifier of the pretrained network, '\(names[0])' [classes, \(backbone.featureCount)] and '\(names[1])' [classes]; found \(found.joined(separator: ", "))"
            )
        }
        return try names.map { NamedTensor($0, try file.tensor($0)) }
    }

    /// Names that an initial state may hold; those of other methods are left alone.
    private static let knownNames: Set<String> = [
        "head.weight", "head.bias", "projector.weight", "projector.bias", "queue_h", "queue_z",
    ]

    /// Takes the head, and returns what is left for the method.
    private static func load(_ file: SafetensorsFile, into classifier: Classifier) throws -> [NamedTensor] {
        if let unknown = file.names.first(where: { !knownNames.contains($0) }) {
            throw UsageError(
                "\(file.path): tensor '\(unknown)' is none that a run can start from; known: \(knownNames.sorted().joined(separator: ", "))"
            )
        }
        let targets = [("head.weight", classifier.head.weight), ("head.bias", classifier.head.bias)]
        for (name, parameter) in targets {
            guard let shape = file.shape(of: name) else { continue }
            guard shape == parameter.shape else {
                throw UsageError(
                    "\(file.path): tensor '\(name)' has shape \(shape), the new head needs \(parameter.shape): \(parameter.shape[0]) classes are in the data"
                )
            }
            parameter.variable.assign(try file.tensor(name))
        }
        return try file.names.filter { !$0.hasPrefix("head.") }.map { NamedTensor($0, try file.tensor($0)) }
    }
}
