internal import ModelFiles
package import Networks

/// Writes a saved model under the names that Python's libraries give to its tensors.
package struct ModelExport {
    /// The folder of a run, or a file of weights.
    package var model: String
    /// Whose names; nil for those that the network has here, which are torchvision's, or timm's where torchvision does
    /// not have the network.
    package var names: NameOrigin?
    /// The safetensors file to write.
    package var output: String

    /// An export from its options.
    package init(model: String, names: NameOrigin?, output: String) {
        (self.model, self.names, self.output) = (model, names, output)
    }

    /// Reads the model and writes it.
    ///
    /// - Returns: What was written, a line each.
    /// - Throws: `UsageError` where the names or the format are not known; as `WeightImport` does.
    package func run() throws -> [String] {
        guard !output.lowercased().hasSuffix(".onnx") else {
            throw UsageError("\(output): this version writes safetensors, not ONNX; give a file.safetensors")
        }
        try WriteAccess.requireFile(output, apartFrom: SavedModel.files(model))
        let source = try WeightFile.open(SavedModel.file(model))
        try WriteAccess.requireOther(output, than: (source as? ShardedSafetensors)?.shardPaths ?? [])
        let network = try network(of: source)
        let specification = network.specification
        let origin = names ?? specification.namings[0].origin
        let weights = try PublishedWeights(source, for: network)
        let saved = try PublishedModel(weights)
        guard let table = saved.nameTable(of: origin, network) else {
            let known = specification.namings.map(\.origin.rawValue).joined(separator: ", ")
            throw UsageError(
                "\(origin.rawValue) has no network '\(network.rawValue)'; names are known of: \(known)")
        }
        // Python's readers look at the format; class names and preprocessing stay with the model.
        let metadata = source.metadata.merging(["format": "pt"]) { $1 }
        try saved.file(metadata: metadata, names: table).write(to: output, isNamedByUser: true)
        return [
            "\(source.path): \(network.rawValue), \(weights.names.count) tensors",
            "wrote \(output), names of \(origin.rawValue)",
        ]
    }

    /// What the model says of itself; of other weights, the network that they look like.
    private func network(of source: any WeightSource) throws -> NetworkName {
        if let file = source as? SafetensorsFile, let description = try? ModelDescription(file) {
            guard let name = NetworkName(rawValue: description.network) else {
                throw UsageError(
                    "\(file.path): describes a network '\(description.network.excerpt)' that this version does not know"
                )
            }
            return name
        }
        guard let likely = NetworkLikeness.network(of: source) else {
            throw WeightFileError(
                .content, path: source.path,
                "holds the weights of no network that is known here; import them with 'ballast import' to see what is missing"
            )
        }
        return likely
    }
}
