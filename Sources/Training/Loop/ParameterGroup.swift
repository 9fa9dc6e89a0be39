public import Layers
public import Regularizers

/// Parameters that share a learning rate.
public struct ParameterGroup {
    /// Shown at the start of a run.
    public let name: String
    /// What the regularizer is told these parameters are.
    public let part: NetworkPart
    /// Factor of the run's learning rate.
    public let learningRateMultiplier: Double
    /// The parameters, in the order of published weights.
    public let parameters: [Parameter]

    /// A group from its parts.
    public init(name: String, part: NetworkPart, learningRateMultiplier: Double, parameters: [Parameter]) {
        (self.name, self.part, self.learningRateMultiplier, self.parameters) = (
            name, part, learningRateMultiplier, parameters
        )
    }

    /// Number of elements.
    public var count: Int { parameters.reduce(0) { $0 + $1.count } }
}
