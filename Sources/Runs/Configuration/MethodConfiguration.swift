/// The section `method`: what is added to the classification loss. METHODS.md says what each computes.
///
/// A new method is a case of `MethodName`, a case of `MethodSettings` with a structure of its keys, and what the
/// compiler then asks for below.
package struct MethodConfiguration: Sendable, Equatable {
    /// Whose defaults apply, key `profile`. Default `tllib`.
    package var profile: MethodProfile
    /// The method, key `name` (required), with the keys that it alone has.
    package var settings: MethodSettings

    /// The method's name.
    package var name: MethodName {
        switch settings {
        case .fineTune: .fineTune
        case .l2SP: .l2SP
        case .delta: .delta
        case .lwf: .lwf
        case .coTuning: .coTuning
        case .biTuning: .biTuning
        case .bss: .bss
        }
    }

    /// The weight decay where `optimizer` does not give one: L2-SP and DELTA have penalties of their own in its
    /// place.
    package var defaultWeightDecay: Double {
        switch settings {
        case .l2SP, .delta: 0
        case .fineTune, .lwf, .coTuning, .biTuning, .bss: 0.0005
        }
    }

    /// Whether the method compares with the weights that the run starts from, so that random ones make no sense.
    package var needsPretrainedWeights: Bool {
        switch settings {
        case .l2SP, .delta, .lwf, .coTuning: true
        case .fineTune, .biTuning, .bss: false
        }
    }

    /// Reads the section, for a network with stages of these names.
    package init(reading reader: inout SectionReader, stageNames: [String]) throws {
        let name = try reader.required("name", ValueKind<MethodName>.choice)
        reader.keysBelong(to: "method", named: name.rawValue)
        profile = try reader.value("profile", .choice, default: .tllib)
        settings =
            switch name {
            case .fineTune: .fineTune
            case .l2SP: .l2SP(try L2SPSettings(reading: &reader, profile: profile))
            case .delta: .delta(try DELTASettings(reading: &reader, stageNames: stageNames))
            case .lwf: .lwf(try LWFSettings(reading: &reader, profile: profile))
            case .coTuning: .coTuning(try CoTuningSettings(reading: &reader, profile: profile))
            case .biTuning: .biTuning(try BiTuningSettings(reading: &reader))
            case .bss: .bss(try BSSSettings(reading: &reader))
            }
    }

    /// The keys and values of the section.
    package var entries: [YAMLEntry] {
        let common = [
            YAMLEntry("name", .text(name.rawValue)),
            YAMLEntry("profile", .text(profile.rawValue)),
        ]
        switch settings {
        case .fineTune: return common
        case .l2SP(let settings): return common + settings.entries
        case .delta(let settings): return common + settings.entries
        case .lwf(let settings): return common + settings.entries
        case .coTuning(let settings): return common + settings.entries
        case .biTuning(let settings): return common + settings.entries
        case .bss(let settings): return common + settings.entries
        }
    }
}

/// The methods of this version.
package enum MethodName: String, Sendable, CaseIterable {
    /// Cross-entropy alone.
    case fineTune = "fine-tune"
    /// A quadratic penalty on the distance from the pretrained weights.
    case l2SP = "l2-sp"
    /// A distance between feature maps of the network and of the pretrained one.
    case delta
    /// A divergence from what the pretrained network answered.
    case lwf
    /// A second cross-entropy, of the source head against the relationship of classes.
    case coTuning = "co-tuning"
    /// Contrastive terms against queues of keys.
    case biTuning = "bi-tuning"
    /// The smallest singular values of the features.
    case bss
}

/// Whose choices a method's defaults follow, where they differ.
package enum MethodProfile: String, Sendable, CaseIterable {
    /// The Transfer-Learning-Library.
    case tllib
    /// The paper of the method's authors.
    case paper
}

/// A method with the keys that it alone has.
package enum MethodSettings: Sendable, Equatable {
    /// Cross-entropy alone.
    case fineTune
    /// A quadratic penalty on the distance from the pretrained weights.
    case l2SP(L2SPSettings)
    /// A distance between feature maps of the network and of the pretrained one.
    case delta(DELTASettings)
    /// A divergence from what the pretrained network answered.
    case lwf(LWFSettings)
    /// A second cross-entropy, of the source head against the relationship of classes.
    case coTuning(CoTuningSettings)
    /// Contrastive terms against queues of keys.
    case biTuning(BiTuningSettings)
    /// The smallest singular values of the features.
    case bss(BSSSettings)
}
