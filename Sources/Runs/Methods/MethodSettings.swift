package import Regularizers

/// A method as a configuration describes it: its keys with their defaults, what it asks of a run, and how its
/// regularizer is made.
///
/// A new method is one type that conforms, in a file of its own here, a case of `MethodName` and a line of the switch
/// there. The requirements that have a default say what most methods need: nothing.
package protocol MethodSettings: Sendable, Equatable {
    /// The name in configurations.
    static var name: MethodName { get }

    /// Whether the method trains step by step. One that does not takes nothing from the sections `training`,
    /// `optimizer` and `schedule` but the seed, and has no regularizer. Default true.
    static var takesSteps: Bool { get }

    /// The weight decay where `optimizer.weight-decay` is not given. Default 0.0005.
    static var defaultWeightDecay: Double { get }

    /// Whether the method compares with the weights that the run starts from, so that random ones make no sense.
    static var needsPretrainedWeights: Bool { get }

    /// Whether the method uses the classifier of the pretrained network.
    static var needsSourceHead: Bool { get }

    /// The defaults of a profile, for a network with stages of these names.
    init(profile: MethodProfile, stageNames: [String])

    /// Reads the keys that the method alone has; those that are absent leave what is here.
    mutating func read(_ reader: inout SectionReader) throws

    /// The keys that the method alone has, and their values.
    var entries: [YAMLEntry] { get }

    /// Those of `entries` that must stay the same for a run to go on from a checkpoint.
    var identity: [YAMLEntry] { get }

    /// Whether the method looks at all training samples once before the first step.
    var hasPreparation: Bool { get }

    /// Settings with which a step costs the same, but that a benchmark can begin with at once: without files, and
    /// without what takes long to learn.
    var forMeasuring: Self { get }

    /// The method that the settings describe.
    ///
    /// - Throws: `UsageError`, the same on every rank, where something does not fit the network, or the method takes no
    ///   steps.
    func makeRegularizer(from start: StartingPoint) throws -> any Regularizer
}

extension MethodSettings {
    package static var takesSteps: Bool { true }
    package static var defaultWeightDecay: Double { 0.0005 }
    package static var needsPretrainedWeights: Bool { false }
    package static var needsSourceHead: Bool { false }
    package mutating func read(_ reader: inout SectionReader) throws {}
    package var entries: [YAMLEntry] { [] }
    package var identity: [YAMLEntry] { entries }
    package var hasPreparation: Bool { false }
    package var forMeasuring: Self { self }

    /// Whether the other settings are of the same method and equal.
    func isEqual(to other: any MethodSettings) -> Bool { other as? Self == self }
}
