/// Where batch normalization takes its statistics from in a forward pass. The raw values are those of configurations.
public enum BatchNormalizationMode: String, Sendable, CaseIterable {
    /// The batch of all ranks, and running statistics follow: the result does not depend on the number of ranks.
    case synchronized
    /// The part of the batch that the rank holds, and running statistics follow; those differ between ranks until
    /// they are averaged.
    case local
    /// The running statistics, which stay as they are: inference, and training with frozen statistics.
    case frozen
}
