package import Regularizers

/// The method `fine-tune`, which has no keys: CE alone.
package struct FineTuneSettings: MethodSettings {
    package static let name = MethodName.fineTune

    /// The defaults.
    package init(profile: MethodProfile, stageNames: [String]) {}

    package func makeRegularizer(from start: StartingPoint) -> any Regularizer { FineTune() }
}
