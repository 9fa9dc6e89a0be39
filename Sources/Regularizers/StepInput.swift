public import Layers
public import ProcessGroups
public import Tensors

/// What a method sees of a step: this rank's samples, and what the network made of them.
public struct StepInput {
    /// Tape and mode of the step's forward pass.
    public let context: ForwardContext
    /// `[N, 3, H, W]`.
    public let images: Tensor
    /// A second look at the same samples, where the method needs one.
    public let secondView: Tensor?
    /// Class of each sample.
    public let labels: [Int]
    /// Position of each sample in the training set.
    public let positions: [Int]
    /// `[N, F]`.
    public let features: Variable
    /// `[N, K]`.
    public let logits: Variable
    /// The outputs of the layers that the method needs, by the layers' names.
    public let maps: [String: Variable]
    /// Samples of all ranks in the step, B: the divisor of means.
    public let globalBatch: Int
    /// The ranks.
    public let group: any ProcessGroup

    /// A step's parts.
    public init(
        context: ForwardContext, images: Tensor, secondView: Tensor?, labels: [Int], positions: [Int],
        features: Variable, logits: Variable, maps: [String: Variable], globalBatch: Int,
        group: any ProcessGroup
    ) {
        (self.context, self.images, self.secondView) = (context, images, secondView)
        (self.labels, self.positions) = (labels, positions)
        (self.features, self.logits, self.maps) = (features, logits, maps)
        (self.globalBatch, self.group) = (globalBatch, group)
    }
}
