public import Layers
public import Tensors

/// Part of a network, as far as methods treat parts differently.
public enum NetworkPart: Sendable {
    /// The pretrained backbone.
    case backbone
    /// What a method trains along, for example a source head: `ownParameters`.
    case method
    /// The new classifier.
    case head
}

/// What a method adds to the cross-entropy.
///
/// A method is one type in one file, with the operations of its own that it puts on the tape. The training
/// loop asks it through this protocol and knows no method by name. The order of calls is: `prepare` once, then
/// for each step `penalty`, the backward pass, and `parameterPenalty` in the optimizer's pass.
///
///     /// Holds the logits small: `L = (1/B) Σ CE + a · (1/B) Σ ½‖y‖²`.
///     final class LogitDecay: Regularizer {
///         func penalty(_ step: StepInput) throws -> WeightedPenalty? {
///             let y = step.logits.value.dense()
///             let value = step.context.tape.record(
///                 Tensor(scalar: Float(y.squaredNorm / 2 / Double(step.globalBatch))), from: [step.logits]
///             ) { gradient in
///                 step.logits.accumulate(y.scaled(by: gradient.scalar / Float(step.globalBatch)))
///             }
///             return WeightedPenalty(value, weight: 0.1)
///         }
///     }
///
/// A term over samples is divided by the **global** batch, so that the shares of all ranks add up.
public protocol Regularizer: AnyObject {
    /// What each step must provide.
    var needs: RegularizerNeeds { get }

    /// Parameters beside the classifier's that are trained at the backbone's rate, for example a source head.
    var ownParameters: [Parameter] { get }

    /// Epochs at the start in which only the new head trains.
    var headOnlyEpochs: Int { get }

    /// Passes over the data before the first step, with the classifier at its starting point.
    ///
    /// - Throws: What files, data and the group throw, the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func prepare(_ preparation: Preparation) throws

    /// The method's term on the samples of a step: this rank's share, on the tape of the step.
    ///
    /// - Throws: What the group throws, and errors of the method's own about the features.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func penalty(_ step: StepInput) throws -> WeightedPenalty?

    /// The quadratic term on one parameter, or nil.
    ///
    /// It is equal on every rank, so it enters after the all-reduce of the gradients, in the optimizer's pass
    /// over the parameters, without communication. The value `½‖w − anchor‖²` of terms on the backbone is what
    /// the run reports as the method's penalty.
    func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty?

    /// Everything beside the parameters that a later step depends on; equal on every rank.
    var state: [NamedTensor] { get }

    /// Restores what `state` gave.
    ///
    /// - Throws: `StateError` that names a tensor which is missing or of another shape.
    func restore(_ state: [NamedTensor]) throws
}

// Most methods have only one or two of these.
extension Regularizer {
    /// Nothing.
    public var needs: RegularizerNeeds { RegularizerNeeds() }
    /// None.
    public var ownParameters: [Parameter] { [] }
    /// 0.
    public var headOnlyEpochs: Int { 0 }
    /// Does nothing.
    public func prepare(_ preparation: Preparation) throws {}
    /// Nil.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? { nil }
    /// Nil.
    public func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty? { nil }
    /// None.
    public var state: [NamedTensor] { [] }
    /// Accepts no tensors, as there is no state.
    public func restore(_ state: [NamedTensor]) throws {}
}
