public import Hosts

/// A logistic regression that did not reach its optimum.
public struct RegressionError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// C, the weight of the loss.
    public let strength: Double
    /// Where it stopped: the norm of the gradient as a part of the first one.
    public let gradientNorm: Double
    /// 65: bad data.
    public var exitCode: Int32 { ExitCode.badData }

    /// What was found and where to look.
    public var description: String {
        "the logistic regression with C = \(strength) stopped at a gradient of \(gradientNorm) of its first: "
            + "the outputs of the pretrained network are too large or too much alike; look at network.weights, "
            + "data.mean and data.std"
    }
}
