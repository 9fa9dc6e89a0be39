public import Tensors

/// A rule that moves parameters along their gradients.
///
/// A conforming type is a value that holds hyper-parameters alone. What it remembers of a parameter from step to
/// step lies in named slots: tensors of the parameter's shape that start as zeros. Whoever calls it owns them, and
/// checkpoints save each as `optimizer.SLOT.PARAMETER`.
///
/// Everything that an update gets is equal on every rank, so an update needs no communication and leaves
/// replicas equal.
public protocol Optimizer: Sendable {
    /// Names of the slots, for example `momentum`; in the order in which `update` gets them.
    var slotNames: [String] { get }

    /// Those of the slots whose elements are never negative, which a checkpoint is checked for; none by default.
    var nonNegativeSlots: Set<String> { get }

    /// Moves one parameter by one step, in one pass over memory, in place.
    ///
    /// - Parameters:
    ///   - parameter: w, dense.
    ///   - slots: The optimizer's state of this parameter, each of its shape; changed in place.
    ///   - update: Gradient and constants of the step.
    /// - Returns: `½‖w − anchor‖²` of the penalty before the step; 0 without one.
    func update(_ parameter: Tensor, slots: [Tensor], with update: ParameterUpdate) -> Double
}

extension Optimizer {
    /// None.
    public var nonNegativeSlots: Set<String> { [] }
}

/// What an optimizer gets for one step of one parameter; equal on every rank.
public struct ParameterUpdate: Sendable {
    /// Gradient of the objective on the global batch, of the parameter's shape, without the penalty's.
    public let gradient: Tensor
    /// Learning rate η, the group's multiplier included.
    public let learningRate: Double
    /// Factor of the gradient with its penalty's, 1 unless the gradient is clipped. Weight decay is not scaled.
    public let gradientScale: Double
    /// A quadratic term of the objective, whose gradient `strength · (w − anchor)` adds to that of the batch; or nil.
    public let penalty: QuadraticPenalty?
    /// Steps of this parameter with this one: 1 in its first. A parameter that a warm-up of the head leaves alone
    /// has fewer than the head.
    public let stepCount: Int

    /// An update from its parts.
    public init(
        gradient: Tensor, learningRate: Double, gradientScale: Double = 1, penalty: QuadraticPenalty? = nil,
        stepCount: Int
    ) {
        (self.gradient, self.learningRate, self.gradientScale) = (gradient, learningRate, gradientScale)
        (self.penalty, self.stepCount) = (penalty, stepCount)
    }
}
