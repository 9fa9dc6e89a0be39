internal import Layers
internal import ModelFiles
package import Networks
internal import Tensors

/// Turns weights as people have them into a safetensors file under the names of this program.
package struct WeightImport {
    /// The file with the weights.
    package var weights: String
    /// The network that they are of.
    package var network: NetworkName
    /// The safetensors file to write.
    package var output: String

    /// An import from its options.
    package init(weights: String, network: NetworkName, output: String) {
        (self.weights, self.network, self.output) = (weights, network, output)
    }

    /// Reads, checks and writes the weights.
    ///
    /// - Returns: What was found, a line each.
    /// - Throws: `WeightFileError`, `SafetensorsError` or `WeightError` where they are none of the network;
    ///   `OutputError` or `SafetensorsError` where the result cannot be written.
    package func run() throws -> [String] {
        try WriteAccess.requireFile(output, apartFrom: [weights])
        let source = try WeightFile.open(weights)
        try WriteAccess.requireOther(output, than: (source as? ShardedSafetensors)?.shardPaths ?? [])
        let published = try PublishedWeights(source, for: network)
        let model = try PublishedModel(published)
        try model.file(metadata: ["format": "pt"]).write(to: output, isNamedByUser: true)
        let renamed = published.renamedCount
        return published.findings.enumerated().map { $0 == 0 ? "\(weights): \($1)" : $1 } + [
            "used: \(published.names.count) tensors" + (renamed == 0 ? "" : ", \(renamed) of them renamed"),
            "wrote \(output)",
        ]
    }
}

/// A network filled with published weights, and their classifier where they have one.
struct PublishedModel {
    let backbone: any Backbone
    let head: Linear?

    /// Fills the network.
    ///
    /// - Throws: `WeightError` where numbers are not finite; what the file throws.
    init(_ weights: PublishedWeights) throws {
        backbone = weights.network.specification.makeBackbone(weights.options)
        if let classCount = weights.classCount {
            let classifier = Classifier(backbone: backbone, classCount: classCount)
            try classifier.load(weights)
            head = classifier.head
        } else {
            try backbone.load(weights)
            head = nil
        }
    }

    /// All tensors under the names of someone; the network's own if nil.
    func file(metadata: [String: String], names: NameTable? = nil) -> SafetensorsWriter {
        backbone.file(head: head, metadata: metadata) { names?.name(of: $0) ?? $0 }
    }

    /// The names that someone gives to the network's tensors; nil where they are not known.
    func nameTable(of origin: NameOrigin, _ network: NetworkName) -> NameTable? {
        network.specification.nameTable(of: origin, for: backbone)
    }
}
