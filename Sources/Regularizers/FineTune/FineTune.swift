/// Plain fine-tuning: cross-entropy alone, `L = (1/B) Σ CE`.
public final class FineTune: Regularizer {
    /// The method without settings.
    public init() {}
}
