internal import Layers
internal import ModelFiles
internal import Tensors

extension PublishedWeights {
    /// Whose names a file has, behind which prefix, and the options that its shapes tell.
    struct Match {
        let table: NameTable
        let prefix: String
        let options: NetworkOptions
        /// Tensors of the network that the file has.
        let count: Int
    }

    /// The names and the prefix under which a file has most of a network's tensors.
    ///
    /// - Throws: `WeightError` where not even the first layer is there, or its shape says what cannot be.
    static func match(_ source: any WeightSource, _ network: NetworkName) throws -> Match {
        let specification = network.specification
        // Names do not depend on the width: the smallest network tells them.
        let backbone = specification.makeBackbone(
            NetworkOptions(baseWidth: specification.smallestBaseWidth ?? 64))
        guard let best = bestNames(source, specification, backbone) else {
            let names = StateNames(backbone).tensors.map(\.name)
            let missing =
                specification.namings.map { (naming: LayerNaming) -> [String] in
                    let table = NameTable(naming, of: backbone)
                    return names.filter { source.shape(of: table.name(of: $0)) == nil }
                }.min { $0.count < $1.count } ?? names
            let others =
                missing.count > 1 ? ", as are \(missing.count - 1) others of \(names.count)" : ""
            throw WeightError(
                source.path,
                "tensor '\(missing.first ?? "")' is missing\(others); \(NetworkLikeness.description(of: source, other: network))"
            )
        }
        let stem = best.prefix + best.table.name(of: backbone.parameters[0].name)
        let options = try options(specification, backbone, source, stem: stem)
        return Match(table: best.table, prefix: best.prefix, options: options, count: best.count)
    }

    /// The same without options; nil where nothing fits.
    static func bestNames(
        _ source: any WeightSource, _ specification: NetworkSpecification, _ backbone: any Backbone
    ) -> (table: NameTable, prefix: String, count: Int)? {
        let tensors = StateNames(backbone).tensors.map(\.name)
        var best: (table: NameTable, prefix: String, count: Int)?
        for naming in specification.namings {
            let table = NameTable(naming, of: backbone)
            let first = table.name(of: tensors[0])
            let prefixes = source.names.filter { $0 == first || $0.hasSuffix("." + first) }.map {
                String($0.dropLast(first.count))
            }
            for prefix in prefixes.prefix(mostPrefixes).sorted(by: isBetter) {
                let count = tensors.count { source.shape(of: prefix + table.name(of: $0)) != nil }
                // A block has a first convolution, too.
                if 2 * count <= tensors.count, isInside(prefix, tensors.map(table.name(of:))) { continue }
                if count > best?.count ?? 0 { best = (table, prefix, count) }
            }
        }
        return best
    }

    /// Whether a prefix, or its end, is that of a part of the network that has these names: `module.layer1.0.`.
    private static func isInside(_ prefix: String, _ names: [String]) -> Bool {
        var rest = prefix[...]
        while let dot = rest.firstIndex(of: ".") {
            if names.contains(where: { $0.hasPrefix(rest) }) { return true }
            rest = rest[rest.index(after: dot)...]
        }
        return false
    }

    /// Nobody has so many networks of one kind in a file.
    private static let mostPrefixes = 32

    /// Prefixes of the network that is meant, and of those that only served to train it.
    private static let (preferred, auxiliary) = (
        ["", "module", "_orig_mod", "model", "backbone", "encoder_q", "base_encoder", "encoder", "net"],
        ["encoder_k", "momentum_encoder", "target_encoder", "model_ema"]
    )

    /// Whether a prefix is tried before another; of two with as many tensors, the first tried is taken.
    private static func isBetter(_ first: String, _ second: String) -> Bool {
        func rank(_ prefix: String) -> (Int, Int, String) {
            let last = prefix.split(separator: ".").last.map(String.init) ?? ""
            let rank = preferred.contains(last) ? 0 : auxiliary.contains(last) ? 2 : 1
            return (rank, prefix.utf8.count, prefix)
        }
        return rank(first) < rank(second)
    }

    /// Base width and stem by the shape of the first convolution.
    private static func options(
        _ specification: NetworkSpecification, _ smallest: any Backbone, _ source: any WeightSource,
        stem: String
    ) throws -> NetworkOptions {
        var options = NetworkOptions()
        guard let smallestWidth = specification.smallestBaseWidth else { return options }
        guard let shape = source.shape(of: stem), shape.rank == 4, shape[0] >= smallestWidth, shape[1] == 3,
            shape[2] == shape[3], shape[2] == 3 || shape[2] == 7
        else {
            throw WeightError(
                source.path,
                "tensor '\(stem.excerpt)' has shape \(source.shape(of: stem) ?? []), the network needs [base width, 3, 7, 7] for the standard stem or [base width, 3, 3, 3] for the small one, at a base width of at least \(smallestWidth)"
            )
        }
        (options.baseWidth, options.stem) = (shape[0], shape[2] == 7 ? .standard : .small)
        // The width makes the network's size before its other tensors are looked at.
        let smallestCount = Double(smallest.parameters.reduce(0) { $0 + $1.count })
        let growth = Double(options.baseWidth) / Double(smallestWidth)
        guard smallestCount * growth * growth <= 4 * Double(source.byteCount) + 0x1p20 else {
            throw WeightError(
                source.path,
                "tensor '\(stem.excerpt)' of shape \(shape) announces a network of base width \(options.baseWidth), for which the file is too small"
            )
        }
        return options
    }

    /// The linear classifier of a file, where there is one that fits the features.
    static func head(
        of backbone: any Backbone, _ source: any WeightSource, _ fileName: (String) -> String
    ) -> (classCount: Int, names: [String: String])? {
        let names = [backbone.headName + ".weight", backbone.headName + ".bias"]
        let fileNames = names.map(fileName)
        guard let weight = source.shape(of: fileNames[0]), let bias = source.shape(of: fileNames[1]),
            weight.rank == 2, weight[0] >= 1, weight[1] == backbone.featureCount, bias == [weight[0]],
            // As many classes as the file can have weights for.
            weight.count <= max(source.byteCount, 1 << 20)
        else { return nil }
        return (weight[0], Dictionary(uniqueKeysWithValues: zip(names, fileNames)))
    }
}
