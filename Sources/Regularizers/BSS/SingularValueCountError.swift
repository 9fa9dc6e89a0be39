public import Hosts

/// More singular values asked for than there are.
public struct SingularValueCountError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible
{
    /// How many were asked for.
    public let count: Int
    /// Samples in the global batch, B.
    public let batchSize: Int
    /// Features of a sample, F.
    public let featureCount: Int

    /// Checks a setting before the first step.
    ///
    /// - Throws: This error where `count` is less than 1 or exceeds both extents' minimum.
    public static func check(count: Int, batchSize: Int, featureCount: Int) throws(Self) {
        guard count >= 1, count <= min(batchSize, featureCount) else {
            throw Self(count: count, batchSize: batchSize, featureCount: featureCount)
        }
    }

    /// Both numbers, and what to do.
    public var description: String {
        "the \(count) smallest singular values are asked of a batch of \(batchSize) samples with "
            + "\(featureCount) features, which has \(min(batchSize, featureCount)): ask for 1 to "
            + "\(min(batchSize, featureCount)), or train with a larger batch"
    }

    /// The exit code of a command that ends with this error, 64: wrong configuration.
    public var exitCode: Int32 { ExitCode.wrongUse }
}
