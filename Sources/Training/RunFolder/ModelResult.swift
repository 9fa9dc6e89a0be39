public import ModelFiles

/// How good a saved model is: what `model.json` says beside what the model is.
public struct ModelResult: Sendable, Equatable {
    /// Steps after which it stood; 0 for one that no step made.
    public let step: Int
    /// SHA-256 of `model.safetensors`.
    public let digest: FileDigest
    /// By what it was chosen, where there is a validation split.
    public let bestBy: BestMeasure?
    /// Its evaluation on the validation split, if there is one.
    public let validation: Evaluation?
    /// Its evaluation on the test split, once that was looked at.
    public let test: Evaluation?

    /// A result from its parts.
    public init(
        step: Int, digest: FileDigest, bestBy: BestMeasure?, validation: Evaluation?, test: Evaluation?
    ) {
        (self.step, self.digest, self.bestBy) = (step, digest, bestBy)
        (self.validation, self.test) = (validation, test)
    }
}
