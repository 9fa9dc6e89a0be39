public import Layers
public import ProcessGroups
public import Tensors

/// What a network says of samples, and their classes.
public struct LabelledFeatures: Sendable {
    /// `[n, F]`.
    public let features: Tensor
    /// `[n]`.
    public let labels: [Int]

    /// Features and as many labels, or it traps.
    public init(features: Tensor, labels: [Int]) {
        precondition(
            features.shape.rank == 2 && features.shape[0] == labels.count,
            "\(labels.count) labels for features of \(features.shape); expected [n, F]")
        (self.features, self.labels) = (features, labels)
    }

    /// The features of this rank's shard of the samples, in order, in inference mode; `[0, F]` where it has none.
    ///
    /// Not collective.
    ///
    /// - Parameter group: Is told of progress.
    /// - Throws: What reading the samples throws.
    public init(
        of source: any SampleSource, backbone: any FrozenBackbone, notingProgressTo group: any ProcessGroup
    ) throws {
        var rows: [Float] = []
        var labels: [Int] = []
        try source.forEachBatch(showing: "recording features", over: group) { batch in
            rows += try backbone.features(batch.images).elements
            labels += batch.labels
        }
        self.init(features: Tensor([labels.count, backbone.featureCount], rows), labels: labels)
    }

    /// The samples of all ranks, one rank's after the other's: the same on every rank.
    ///
    /// - Parameter split: Name of the split, for errors.
    /// - Throws: `LinearProbeError.nonFiniteFeature` as a `CollectiveFailure`, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func gathered(split: String, over group: any ProcessGroup) throws -> LabelledFeatures {
        let all = try GatheredFeatures(features, over: group).batch
        let allLabels = try group.allGather(labels.map { Int64($0) }).map { Int($0) }
        try group.coordinate { () throws -> Void in
            let wrong = all.withElements { elements in elements.firstIndex { !$0.isFinite } }
            if let wrong {
                throw LinearProbeError.nonFiniteFeature(split: split, sample: wrong / all.shape[1])
            }
        }
        return LabelledFeatures(features: all, labels: allLabels)
    }
}
