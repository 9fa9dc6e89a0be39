/// What is logged of how far the backbone has moved.
public struct DistancesEvent: Sendable, Encodable {
    /// Steps done.
    public let step: Int
    /// The kernels and weight matrices of the backbone, in the order of published weights.
    public let layers: [LayerDistance]
}

/// How far a tensor is from where the run started.
public struct LayerDistance: Sendable, Encodable {
    /// The parameter, for example `layer1.0.conv1.weight`.
    public let name: String
    /// `‖w − w⁰‖`, the L2 distance.
    @FiniteOrNull public private(set) var distance: Double
    /// `‖w − w⁰‖ / ‖w⁰‖`; NaN, null in the log, where w⁰ is zero.
    @FiniteOrNull public private(set) var relative: Double

    init(_ name: String, distance: Double, startingNorm: Double) {
        self.name = name
        self.distance = distance
        relative = startingNorm > 0 ? distance / startingNorm : .nan
    }
}

/// What is logged of the features' spectrum.
public struct SpectrumEvent: Sendable, Encodable {
    /// Steps done.
    public let step: Int
    /// Singular values of the last step's features, largest first: all, or of more than 64 as many whose places are at
    /// equal distances, from the largest to the smallest.
    public let singularValues: [Double]

    /// The most values of an event.
    static let largestCount = 64

    init(step: Int, all values: [Double]) {
        self.step = step
        singularValues = EvenSelection(of: values.count, atMost: Self.largestCount).positions.map {
            values[$0]
        }
    }

    private enum CodingKeys: String, CodingKey {
        case step
        case singularValues = "singular-values"
    }
}
