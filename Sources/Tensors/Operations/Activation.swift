/// The element-wise function that an operation applies to its result before writing it.
public enum Activation: Hashable, Sendable {
    /// The identity, `y = x`.
    case none
    /// `y = max(x, 0)`.
    case relu
    /// `y = min(max(x, 0), 6)`.
    ///
    /// Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010.
    case relu6

    /// Lower bound of the results; the gradient passes above it.
    var floor: Float { self == .none ? -.infinity : 0 }

    /// Upper bound of the results; the gradient passes below it.
    var ceiling: Float { self == .relu6 ? 6 : .infinity }

    /// The function of one number; NaN propagates.
    @inline(__always)
    func callAsFunction(_ value: Float) -> Float { min(max(value, floor), ceiling) }
}
