/// What a relationship was computed from: a file of it is used for the same alone.
///
/// Together with the file's version, its classes and its method this is the key of the file.
public struct RelationshipKey: Sendable, Equatable {
    /// A digest of the source model: SHA-256 of its weights' file, or any text that changes when it does.
    public let weights: String
    /// A digest of the samples and their labels.
    public let samples: String
    /// The same of the validation samples, on which the reverse method chooses; the direct one ignores them.
    public let validationSamples: String?
    /// What was done to the images, with what they were normalized by, for example `evaluation`.
    public let transform: String
    /// The inverse temperature of the source model's logits; nil where any will do, and for the direct method.
    public let sourceLogitScale: Double?

    /// A key of its parts.
    public init(
        weights: String, samples: String, validationSamples: String? = nil, transform: String,
        sourceLogitScale: Double? = nil
    ) {
        (self.weights, self.samples) = (weights, samples)
        (self.validationSamples, self.transform) = (validationSamples, transform)
        self.sourceLogitScale = sourceLogitScale
    }

    /// The entries of a file's metadata.
    func metadata(_ method: Relationship.Method) -> [String: String] {
        var entries = ["weights": weights, "samples": samples, "transform": transform]
        if method == .reverse {
            entries["validation-samples"] = validationSamples
            entries["source-logit-scale"] = sourceLogitScale.map { "\($0)" }
        }
        return entries
    }

    /// The key that a file's metadata hold; nil where a part is missing.
    init?(metadata: [String: String]) {
        guard let weights = metadata["weights"], let samples = metadata["samples"],
            let transform = metadata["transform"]
        else { return nil }
        self.init(
            weights: weights, samples: samples, validationSamples: metadata["validation-samples"],
            transform: transform, sourceLogitScale: metadata["source-logit-scale"].flatMap(Double.init))
    }
}
