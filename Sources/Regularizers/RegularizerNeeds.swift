public import Layers

/// What a method asks of each step.
public struct RegularizerNeeds: Sendable {
    /// Feature maps that the forward pass must keep.
    public var taps: Set<FeatureTap> = []
    /// Whether each sample is looked at twice, under different random changes.
    public var secondView = false
    /// Whether the term is no sum over samples, so that a batch cannot be cut into micro-batches.
    public var wholeBatch = false
    /// Samples that a global batch must have at least.
    public var smallestBatch = 1

    /// Nothing, unless said otherwise.
    public init(
        taps: Set<FeatureTap> = [], secondView: Bool = false, wholeBatch: Bool = false, smallestBatch: Int = 1
    ) {
        (self.taps, self.secondView) = (taps, secondView)
        (self.wholeBatch, self.smallestBatch) = (wholeBatch, smallestBatch)
    }
}
