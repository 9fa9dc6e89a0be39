internal import Layers
internal import ModelFiles
internal import Networks
internal import Regularizers
internal import Tensors

/// What is read before a run starts, as `SharedReading` says where: `network.weights` and `initial-state`.
struct StartingFiles {
    /// Weight and bias of the pretrained network's classifier, where the method asks for it.
    private(set) var sourceHead: [NamedTensor] = []
    /// Names of its classes, where the weights name them.
    private(set) var sourceClassNames: [String]?
    /// The tensors of `initial-state` that belong to the method.
    private(set) var initialState: [NamedTensor] = []
    /// What was found in the weights, a line each.
    private(set) var findings: [String] = []

    /// No files.
    init() {}

    /// Reads the files that the configuration names.
    ///
    /// - Parameter classifier: Gets the weights of the backbone, and the head that the initial state holds.
    /// - Throws: What reading throws; `UsageError` where tensors do not fit.
    init(_ configuration: RunConfiguration, filling classifier: Classifier) throws {
        if let path = configuration.network.weights {
            let file = try Self.weights(path, for: configuration.network)
            try classifier.backbone.load(file)
            findings = file.findings
            let method = configuration.method.name
            if method.settings.needsSourceHead {
                sourceHead = try Self.sourceHead(in: file, of: classifier.backbone, method)
                let names = (try? ModelDescription(SafetensorsFile(contentsOf: path)))?.classNames
                if names?.count == sourceHead[0].tensor.shape[0] { sourceClassNames = names }
            }
        }
        if let path = configuration.initialState {
            try InitialValues.require(path)
            initialState = try Self.load(
                try SafetensorsFile(contentsOf: path), into: classifier,
                heads: configuration.network.headInitialization)
        }
    }

    /// Finds the weights of the configured network in a file.
    ///
    /// - Throws: `WeightError` where they are of another network, base width or stem.
    private static func weights(
        _ path: String, for network: NetworkConfiguration
    ) throws -> PublishedWeights {
        let weights = try PublishedWeights(WeightFile.open(path), for: network.name)
        let specification = network.name.specification
        let differs =
            (specification.smallestBaseWidth != nil && weights.options.baseWidth != network.baseWidth)
            || (specification.hasStem && weights.options.stem != network.stem)
        guard differs else { return weights }
        let first = network.makeBackbone().parameters[0]
        throw WeightError(
            path,
            "tensor '\(first.name)' has shape \(weights.shape(of: first.name) ?? []), the network needs \(first.shape); set network.base-width: \(weights.options.baseWidth) and network.stem: \(weights.options.stem.rawValue), as these weights have them"
        )
    }

    /// Weight and bias of the pretrained network's classifier.
    private static func sourceHead(
        in file: PublishedWeights, of backbone: any Backbone, _ method: MethodName
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
        return try names.map { NamedTensor($0, try finite($0, in: file)) }
    }

    /// A tensor whose elements are all finite.
    private static func finite(_ name: String, in file: some WeightSource) throws -> Tensor {
        let tensor = try file.tensor(name)
        try WeightError.requireFinite(tensor, name, file.path)
        return tensor
    }

    /// Names that an initial state may hold; those of other methods are left alone.
    private static let knownNames: Set<String> = [
        "head.weight", "head.bias", "projector.weight", "projector.bias", "queue_h", "queue_z",
    ]

    /// Gives the classifier its head, and returns what is left for the method.
    private static func load(
        _ file: SafetensorsFile, into classifier: Classifier, heads: HeadInitialization
    ) throws -> [NamedTensor] {
        if let unknown = file.names.first(where: { !knownNames.contains($0) }) {
            throw UsageError(
                "\(file.path): tensor '\(unknown.excerpt)' is not one that a run can start from; known: \(knownNames.sorted().joined(separator: ", "))"
            )
        }
        let targets = [("head.weight", classifier.head.weight), ("head.bias", classifier.head.bias)]
        for (name, parameter) in targets {
            guard let shape = file.shape(of: name) else { continue }
            guard heads == .normal else {
                throw UsageError(
                    "\(file.path): holds '\(name)', and network.head-initialization is linear-probe: the head can start from one of the two; leave the key or the tensor out"
                )
            }
            guard shape == parameter.shape else {
                throw UsageError(
                    "\(file.path): tensor '\(name)' has shape \(shape), the new head needs \(parameter.shape): \(parameter.shape[0]) classes are in the data"
                )
            }
            parameter.variable.assign(try finite(name, in: file))
        }
        return try file.names.filter { !$0.hasPrefix("head.") }.map {
            NamedTensor($0, try finite($0, in: file))
        }
    }
}
