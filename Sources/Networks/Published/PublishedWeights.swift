internal import Layers
public import ModelFiles
public import Tensors

/// Weights that someone published for a network, under the names of this network, whatever those of the file are.
///
/// ```swift
/// let weights = try PublishedWeights(WeightFile.open("moco_v2_800ep_pretrain.pth.tar"), for: .resnet50)
/// let backbone = NetworkName.resnet50.specification.makeBackbone(weights.options)
/// try backbone.load(weights)
/// ```
///
/// A prefix that all names share, such as `module.` or MoCo's `encoder_q.`, is found by itself; base width, stem and
/// number of classes are read from the shapes; counts (`num_batches_tracked`) may be missing.
public struct PublishedWeights: Sendable {
    /// The network.
    public let network: NetworkName
    /// Whose names the file has.
    public let origin: NameOrigin
    /// What precedes all names in the file; often nothing.
    public let prefix: String
    /// Base width and stem, as the shapes say.
    public let options: NetworkOptions
    /// Number of classes of the linear classifier in the file; nil where there is none.
    public let classCount: Int?
    /// Counts of the network that the file does not have.
    public let missingCounters: [String]
    /// Tensors of the file that belong to none of the network.
    public let unusedNames: [String]
    /// The file.
    public let source: any WeightSource

    /// How many tensors have another name in the file than in the network.
    public var renamedCount: Int { fileNames.count { $0.key != $0.value } }

    /// Names in the file, by the names of the network.
    private let fileNames: [String: String]

    /// Finds a network's weights in a file.
    ///
    /// - Throws: `WeightError` where a tensor is missing, has another shape, or is one of a layer that the network does
    ///   not have; it says which network the weights look like.
    public init(_ source: any WeightSource, for network: NetworkName) throws {
        let specification = network.specification
        let found = try Self.match(source, network)
        let backbone = specification.makeBackbone(found.options)
        let names = StateNames(backbone)
        var fileNames: [String: String] = [:]
        for name in names.tensors.map(\.name) + names.counters {
            let fileName = found.prefix + found.table.name(of: name)
            if source.shape(of: fileName) != nil { fileNames[name] = fileName }
        }
        let head = Self.head(of: backbone, source) { found.prefix + found.table.name(of: $0) }
        for (name, fileName) in head?.names ?? [:] { fileNames[name] = fileName }

        let used = Set(fileNames.values)
        let unused = source.names.filter { !used.contains($0) }
        let problem =
            Self.problem(names, fileNames, source)
            ?? Self.unexpected(unused, names, headName: backbone.headName, found.table, found.prefix)
        if let problem {
            let likely = NetworkLikeness.description(of: source, other: network)
            throw WeightError(source.path, "\(problem); \(likely)")
        }
        (self.source, self.network, self.fileNames) = (source, network, fileNames)
        (origin, prefix, options) = (found.table.origin, found.prefix, found.options)
        (classCount, unusedNames) = (head?.classCount, unused)
        missingCounters = names.counters.filter { fileNames[$0] == nil }
    }

    /// What keeps the tensors from filling the network.
    private static func problem(
        _ names: StateNames, _ fileNames: [String: String], _ source: any WeightSource
    ) -> String? {
        let missing = names.tensors.filter { fileNames[$0.name] == nil }
        if let first = missing.first {
            let others =
                missing.count == 1 ? "" : ", as are \(missing.count - 1) others of \(names.tensors.count)"
            return "tensor '\(first.name)' is missing\(others)"
        }
        for (name, shape) in names.tensors {
            guard let fileName = fileNames[name], let found = source.shape(of: fileName), found != shape
            else {
                continue
            }
            return "tensor '\(fileName.excerpt)' has shape \(found), the network needs \(shape)"
        }
        return nil
    }

    /// What of the file says that it is another network: tensors among those of the network that it does not know. An
    /// attention module in a block would be left out otherwise, and nobody would notice.
    private static func unexpected(
        _ unused: [String], _ names: StateNames, headName: String, _ table: NameTable, _ prefix: String
    ) -> String? {
        func root(_ name: String) -> Substring { name.prefix { $0 != "." } }
        let headRoot = root(table.name(of: headName + ".weight"))
        let roots = Set(names.tensors.map { root(table.name(of: $0.name)) })
        let strange = unused.filter { name in
            guard name.hasPrefix(prefix) else { return false }
            let own = root(String(name.dropFirst(prefix.count)))
            if own == headRoot || knownExtras.contains(own) { return false }
            // Beside a prefix there may be anything; without one, every tensor is one of the network.
            return prefix.isEmpty || roots.contains(own)
        }
        guard let first = strange.first else { return nil }
        let others = strange.count == 1 ? "" : ", as are \(strange.count - 1) others"
        return "tensor '\(first.excerpt)' is unexpected\(others)"
    }

    /// What training leaves beside a network: heads of other kinds, queues, counts.
    private static let knownExtras: Set<Substring> = [
        "fc", "classifier", "head", "linear", "projector", "projection_head", "prototypes", "predictor",
        "queue", "queue_ptr", "queue_h", "queue_z", "n_averaged",
    ]
}

extension PublishedWeights: WeightSource {
    /// The file.
    public var path: String { source.path }
    /// Names of the network's tensors that the file has, sorted; the linear classifier among them.
    public var names: [String] { fileNames.keys.sorted() }
    /// Strings that the file says of itself.
    public var metadata: [String: String] { source.metadata }
    /// Bytes of data in the file.
    public var byteCount: Int { source.byteCount }

    /// What was found: the file's own findings, then names and prefix, options, classifier, and what is left over.
    public var findings: [String] {
        let specification = network.specification
        var facts = ["names of \(origin.rawValue)" + (prefix.isEmpty ? "" : ", prefix '\(prefix.excerpt)'")]
        if specification.smallestBaseWidth != nil { facts.append("base-width \(options.baseWidth)") }
        if specification.hasStem { facts.append("stem \(options.stem.rawValue)") }
        facts.append(classCount.map { "\($0) source classes" } ?? "no classifier")
        var lines = source.findings + ["\(network.rawValue): \(facts.joined(separator: ", "))"]
        if !missingCounters.isEmpty {
            lines.append("missing: \(missingCounters.count) counts (num_batches_tracked), which are 0")
        }
        if !unusedNames.isEmpty { lines.append("unused: \(unusedNames.listed())") }
        return lines
    }

    /// The shape of a tensor, or nil where the file has none for it.
    public func shape(of name: String) -> Shape? { fileNames[name].flatMap { source.shape(of: $0) } }

    /// Whether the elements of a tensor are integers.
    public func holdsIntegers(_ name: String) -> Bool {
        fileNames[name].map { source.holdsIntegers($0) } ?? false
    }

    /// The tensor of that name, dense and in 32-bit floats.
    ///
    /// - Throws: What the file throws.
    public func tensor(_ name: String) throws -> Tensor { try source.tensor(fileNames[name] ?? name) }

    /// The integers of that name in row-major order.
    ///
    /// - Throws: What the file throws.
    public func integers(_ name: String) throws -> [Int] { try source.integers(fileNames[name] ?? name) }
}
