public import Tensors

/// A trained tensor of a network under the name that published weights give it.
///
/// Every rank holds a copy; training keeps the copies equal.
public final class Parameter {
    /// For example `layer1.0.conv1.weight`.
    public let name: String

    /// What a parameter does in its layer; methods and optimizers may treat roles differently.
    public enum Role: Sendable {
        /// A kernel of a convolution or a matrix of a linear layer.
        case weight
        /// Added by the same layer.
        case bias
        /// What a normalization multiplies by.
        case scale
        /// What a normalization adds.
        case shift
    }

    /// What it does in its layer.
    public let role: Role

    /// The tensor and, after a backward pass, its gradient: this rank's share until the ranks are summed.
    public let variable: Variable

    /// A parameter of zeros.
    public init(name: String, shape: Shape, role: Role = .weight) {
        (self.name, self.role) = (name, role)
        variable = Variable(Tensor(repeating: 0, shape), requiresGradient: true)
    }

    /// Logical extents.
    public var shape: Shape { variable.shape }

    /// Number of elements.
    public var count: Int { shape.count }

    /// Draws every element from a normal distribution of mean 0.
    ///
    /// The draws depend on the seed and the parameter's name only.
    ///
    /// - Parameters:
    ///   - deviation: Standard deviation.
    ///   - seed: The run's seed.
    public func initializeNormal(deviation: Float, seed: UInt64) {
        var random = KeyedRandom(seed: seed, purpose: .initialization, Int(bitPattern: name.stableHash))
        variable.assign(Tensor(shape, (0..<count).map { _ in deviation * random.normal() }))
    }

    /// Sets every element.
    public func initialize(repeating value: Float) {
        variable.assign(Tensor(repeating: value, shape))
    }
}

extension String {
    /// A hash that is the same in every process: 64-bit FNV-1a of the UTF-8 bytes.
    var stableHash: UInt {
        utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt($1)) &* 0x100_0000_01b3 }
    }
}
