public import Tensors

/// A term of the objective before and after its weight.
public struct WeightedPenalty {
    /// This rank's share of the term before its weight; a scalar. The shares of all ranks add up to the term.
    public let value: Variable
    /// Factor of the term in the objective.
    public let weight: Double

    /// A term with its weight.
    public init(_ value: Variable, weight: Double) { (self.value, self.weight) = (value, weight) }
}
