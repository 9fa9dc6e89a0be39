/// What a method asks of each step.
public struct RegularizerNeeds: Sendable {
    /// Layers whose outputs the forward pass must keep, by name.
    public var taps: [String] = []
    /// Whether each sample is looked at twice, under different random changes.
    public var secondView = false
    /// Whether the term is no sum over samples, so that a batch cannot be cut into micro-batches.
    public var wholeBatch = false
    /// Samples that a global batch must have at least.
    public var smallestBatch = 1

    /// Nothing, unless said otherwise.
    public init(
        taps: [String] = [], secondView: Bool = false, wholeBatch: Bool = false, smallestBatch: Int = 1
    ) {
        (self.taps, self.secondView) = (taps, secondView)
        (self.wholeBatch, self.smallestBatch) = (wholeBatch, smallestBatch)
    }
}
