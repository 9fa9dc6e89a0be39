package import Regularizers

/// The method `linear-probe`, which has no keys: the best linear classifier of the pretrained network's features.
///
/// Source: the baseline of Kumar et al., ICLR 2022.
package struct LinearProbeSettings: MethodSettings {
    package static let name = MethodName.linearProbe
    package static let takesSteps = false
    package static let needsPretrainedWeights = true

    /// The defaults.
    package init(profile: MethodProfile, stageNames: [String]) {}

    package func makeRegularizer(from start: StartingPoint) throws -> any Regularizer {
        throw UsageError(
            "method linear-probe takes no steps, so there is none to measure: `ballast train` computes it in one go"
        )
    }
}
