/// What becomes of a result before it is written: nothing, or a rectified linear unit.
public enum Activation: Hashable, Sendable {
    /// `y = x`.
    case none
    /// `y = max(x, 0)`.
    case relu
    /// `y = min(max(x, 0), 6)`.
    ///
    /// Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010.
    case relu6

    /// The smallest result; the gradient passes above it.
    var floor: Float { self == .none ? -.infinity : 0 }

    /// The largest result; the gradient passes below it.
    var ceiling: Float { self == .relu6 ? 6 : .infinity }

    /// The result for one number; not a number stays so.
    @inline(__always)
    func callAsFunction(_ value: Float) -> Float { min(max(value, floor), ceiling) }
}
