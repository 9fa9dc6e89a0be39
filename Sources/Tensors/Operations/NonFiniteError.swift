public import Hosts

/// A non-finite number where the computation needs a finite one.
///
/// `description` says what the number belongs to, where it stands and what to do.
public struct NonFiniteError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// What the number belongs to, for example "features of the global batch".
    public let what: String
    /// Index in each dimension: row and column of a matrix.
    public let position: [Int]
    /// The number.
    public let value: Double

    /// An error about one number.
    public init(what: String, position: [Int], value: Double) {
        (self.what, self.position, self.value) = (what, position, value)
    }

    /// What, where, which number, and what to do.
    public var description: String {
        let place =
            position.count == 2
            ? "row \(position[0]), column \(position[1])"
            : "index " + position.map(String.init).joined(separator: ", ")
        // The sign of what is not a number says nothing.
        let number = value.isNaN ? "nan" : "\(value)"
        return
            "the \(what) hold \(number) at \(place): training has diverged; lower the learning rate or clip "
            + "the gradient; at the first step, before any weight has moved, look at the weights, the images, "
            + "data.mean and data.std"
    }

    /// The exit code of a command that ends with this error, 70: the run cannot go on.
    public var exitCode: Int32 { ExitCode.internalError }
}
