/// The version of this program, which runs, checkpoints and reports name.
package enum BallastVersion {
    /// For example `0.1.0`.
    package static let current = "0.1.0"
}
