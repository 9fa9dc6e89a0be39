internal import Layers
internal import ProcessGroups
internal import Tensors

/// The pretrained network with its classifier, for inference.
struct SourceModel {
    let backbone: any FrozenBackbone
    let head: Linear

    /// `[N, S]` logits of the source classes.
    func logits(_ images: Tensor) throws -> Tensor {
        head(Variable(try backbone.features(images)), .inference).value
    }

    /// Logits and labels of this rank's shard of the samples, in order; `[0, S]` where it has none.
    ///
    /// - Parameter group: Is told of progress.
    func localLogits(_ source: any SampleSource, _ group: any ProcessGroup) throws -> (
        logits: Tensor, labels: [Int]
    ) {
        var rows: [Float] = []
        var labels: [Int] = []
        try source.forEachBatch(showing: "recording what the pretrained network says", over: group) {
            rows += try logits($0.images).elements
            labels += $0.labels
        }
        return (Tensor([labels.count, head.weight.shape[0]], rows), labels)
    }
}
