/// The methods of this version, by the names that a configuration gives them.
package enum MethodName: String, Sendable, CaseIterable {
    /// Cross-entropy alone.
    case fineTune = "fine-tune"
    /// No training: a regression on the features of the pretrained network.
    case linearProbe = "linear-probe"
    /// A quadratic penalty on the distance from the pretrained weights.
    case l2SP = "l2-sp"
    /// A distance between feature maps of the network and of the pretrained one.
    case delta
    /// A divergence from the teacher logits, those of the pretrained network.
    case lwf
    /// A second cross-entropy, of the source head against the relationship of classes.
    case coTuning = "co-tuning"
    /// Contrastive terms against queues of keys.
    case biTuning = "bi-tuning"
    /// The smallest singular values of the features.
    case bss

    /// The type that describes the method: the one switch from names to methods.
    package var settings: any MethodSettings.Type {
        switch self {
        case .fineTune: FineTuneSettings.self
        case .linearProbe: LinearProbeSettings.self
        case .l2SP: L2SPSettings.self
        case .delta: DELTASettings.self
        case .lwf: LWFSettings.self
        case .coTuning: CoTuningSettings.self
        case .biTuning: BiTuningSettings.self
        case .bss: BSSSettings.self
        }
    }
}

/// Whose choices a method's defaults follow, where they differ.
package enum MethodProfile: String, Sendable, CaseIterable {
    /// The Transfer-Learning-Library.
    case tllib
    /// The paper of the method's authors.
    case paper
}
