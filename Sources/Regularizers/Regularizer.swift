public import Hosts
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
/// A method is one type in one file. The training loop asks it through this protocol and knows no method by
/// name. The order of calls is: `prepare` once, then for each step `penalty`, the backward pass, and
/// `parameterPenalty` in the optimizer's pass.
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
    /// It is equal on every rank, so it enters after the gradients are summed, in the optimizer's pass over
    /// the parameters, without communication. The value `½‖w − anchor‖²` of terms on the backbone is what
    /// the run reports as the method's penalty.
    func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty?

    /// Everything beside the parameters that a later step depends on; equal on every rank.
    var state: [NamedTensor] { get }

    /// Takes back what `state` gave.
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

/// What a method asks of each step.
public struct RegularizerNeeds: Sendable {
    /// Layers whose outputs the forward pass must keep, by name.
    public var taps: [String] = []
    /// Whether each sample is looked at twice, under different random changes.
    public var secondView = false
    /// Whether the term is no sum over samples, so that a batch cannot be cut into microBatches.
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

/// A term of the objective before and after its weight.
public struct WeightedPenalty {
    /// This rank's share of the term before its weight; a scalar. The shares of all ranks add up to the term.
    public let value: Variable
    /// Factor of the term in the objective.
    public let weight: Double

    /// A term with its weight.
    public init(_ value: Variable, weight: Double) { (self.value, self.weight) = (value, weight) }
}

/// A tensor under a name.
public struct NamedTensor: Sendable {
    /// The name, unique among a method's tensors.
    public let name: String
    /// The tensor.
    public let tensor: Tensor

    /// A tensor under a name.
    public init(_ name: String, _ tensor: Tensor) { (self.name, self.tensor) = (name, tensor) }
}

/// Why a method cannot take a state.
public struct StateError: Error, ExitCodeProviding, Equatable, CustomStringConvertible {
    /// Which tensor, what was found and what was expected.
    public let description: String
    /// 65: bad data.
    public var exitCode: Int32 { ExitCode.badData }

    init(_ description: String) { self.description = description }
}

extension [NamedTensor] {
    /// The tensor of that name.
    ///
    /// - Throws: `StateError` where it is missing or of another shape.
    func tensor(_ name: String, shape: Shape? = nil) throws(StateError) -> Tensor {
        guard let found = first(where: { $0.name == name })?.tensor else {
            throw StateError("tensor '\(name)' is missing from the method's state")
        }
        if let shape, found.shape != shape {
            throw StateError(
                "tensor '\(name)' of the method's state has shape \(found.shape), expected \(shape)")
        }
        return found
    }
}
