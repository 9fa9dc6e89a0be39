public import Layers
public import Tensors

/// Part of a network, as far as methods treat parts differently.
public enum NetworkPart: Sendable {
    /// What was pretrained.
    case backbone
    /// The new classifier.
    case head
}

/// What a method adds to the cross-entropy.
///
/// A method is one type in one file. The training loop asks it through this protocol and knows no method by
/// name.
public protocol Regularizer: AnyObject {
    /// The quadratic term on one parameter, or nil.
    ///
    /// It is equal on every rank, so it enters after the gradients are summed, in the optimizer's pass over
    /// the parameters, without communication. The value `½‖w − anchor‖²` of terms on the backbone is what
    /// the run reports as the method's penalty.
    func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty?
}
