internal import Foundation
internal import ModelFiles
package import Networks

/// Writes a saved model in a form that other programs read: by the ending of the file's name ONNX (`.onnx`), a model
/// card (`.md`), or safetensors under the names that Python's libraries give to its tensors.
package struct ModelExport {
    /// The folder of a run, or a file of weights.
    package var model: String
    /// Whose names; nil for those that the network has here, which are torchvision's, or timm's where torchvision does
    /// not have the network.
    package var names: NameOrigin?
    /// The file to write.
    package var output: String

    /// An export from its options.
    package init(model: String, names: NameOrigin?, output: String) {
        (self.model, self.names, self.output) = (model, names, output)
    }

    /// What can be written.
    private enum Format {
        case safetensors, onnx, card

        /// By the ending of a name; one without any, such as a device's, is of safetensors. Of any other, such as
        /// `.pth`, people expect what is not written.
        init(_ path: String) throws {
            switch URL(fileURLWithPath: path).pathExtension.lowercased() {
            case "safetensors", "": self = .safetensors
            case "onnx": self = .onnx
            case "md": self = .card
            default:
                throw UsageError(
                    "\(path): its ending is that of no format that is written; expected .safetensors, which Python "
                        + "reads with safetensors.torch.load_file, .onnx or .md")
            }
        }
    }

    /// Reads the model and writes it.
    ///
    /// - Returns: What was written, a line each.
    /// - Throws: `UsageError` where the file's ending is unknown, or the names do not belong to the network or the
    ///   format; as `WeightImport` does.
    package func run() throws -> [String] {
        try WriteAccess.requireFile(output, apartFrom: SavedModel.files(model))
        let format = try Format(output)
        guard names == nil || format == .safetensors else {
            throw UsageError(
                "\(output): --names chooses the names of the tensors in a safetensors file; leave it out for this one"
            )
        }
        if format == .card { return try ModelCardExport(folder: model, output: output).run() }
        let source = try WeightFile.open(SavedModel.file(model))
        try WriteAccess.requireOther(output, than: (source as? ShardedSafetensors)?.shardPaths ?? [])
        let description = (source as? SafetensorsFile).flatMap { try? ModelDescription($0) }
        let weights = try PublishedWeights(source, for: network(of: source, description))
        let saved = try PublishedModel(weights)
        let found = "\(source.path): \(weights.network.rawValue), \(weights.names.count) tensors"
        let written =
            try format == .onnx
            ? ONNXExport(saved, weights, description).write(to: output)
            : [writeSafetensors(saved, weights)]
        return [found] + written
    }

    /// Writes the tensors under the chosen names.
    ///
    /// - Returns: What was written.
    private func writeSafetensors(_ saved: PublishedModel, _ weights: PublishedWeights) throws -> String {
        let network = weights.network
        let namings = network.specification.namings
        let origin = names ?? namings[0].origin
        guard let table = saved.nameTable(of: origin, network) else {
            let known = namings.map(\.origin.rawValue).joined(separator: ", ")
            throw UsageError(
                "\(origin.rawValue) has no network '\(network.rawValue)'; names are known of: \(known)")
        }
        // Python's readers look at the format; class names and preprocessing stay with the model.
        let metadata = weights.metadata.merging(["format": "pt"]) { $1 }
        try saved.file(metadata: metadata, names: table).write(to: output, isNamedByUser: true)
        return "wrote \(output), names of \(origin.rawValue)"
    }

    /// What the model says of itself; of other weights, the network that they look like.
    private func network(
        of source: any WeightSource, _ description: ModelDescription?
    ) throws -> NetworkName {
        if let description {
            guard let name = NetworkName(rawValue: description.network) else {
                throw UsageError(
                    "\(source.path): describes a network '\(description.network.excerpt)' that this version does not know; export it with the version that trained it"
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
