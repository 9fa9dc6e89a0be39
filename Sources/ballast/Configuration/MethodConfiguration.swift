/// The section `method`: what is added to the classification loss. METHODS.md says what each computes.
///
/// A new method is a case of `MethodName`, a case of `MethodSettings` with a structure of its keys, and what the
/// compiler then asks for below.
struct MethodConfiguration: Sendable, Equatable {
    /// Whose defaults apply, key `profile`. Default `tllib`.
    var profile: MethodProfile
    /// The method, key `name` (required), with the keys that it alone has.
    var settings: MethodSettings

    /// The method's name.
    var name: MethodName {
        switch settings {
        case .fineTune: .fineTune
        case .l2SP: .l2SP
        }
    }

    /// The weight decay where `optimizer` does not give one: L2-SP has a penalty of its own in its place.
    var defaultWeightDecay: Double {
        switch settings {
        case .fineTune: 0.0005
        case .l2SP: 0
        }
    }

    /// Whether the method pulls towards the weights that the run starts from, so that random ones make no sense.
    var needsPretrainedWeights: Bool {
        switch settings {
        case .fineTune: false
        case .l2SP: true
        }
    }

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        let name = try reader.required("name", ValueKind<MethodName>.choice)
        reader.keysBelong(to: "method", named: name.rawValue)
        profile = try reader.value("profile", .choice, default: .tllib)
        switch name {
        case .fineTune: settings = .fineTune
        case .l2SP: settings = .l2SP(try L2SPSettings(reading: &reader, profile: profile))
        }
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        let common = [
            YAMLEntry("name", .text(name.rawValue)),
            YAMLEntry("profile", .text(profile.rawValue)),
        ]
        switch settings {
        case .fineTune: return common
        case .l2SP(let settings): return common + settings.entries
        }
    }
}

/// The methods of this version.
enum MethodName: String, Sendable, CaseIterable {
    /// Cross-entropy alone.
    case fineTune = "fine-tune"
    /// A quadratic penalty on the distance from the pretrained weights.
    case l2SP = "l2-sp"
}

/// Whose choices a method's defaults follow, where they differ.
enum MethodProfile: String, Sendable, CaseIterable {
    /// The Transfer-Learning-Library.
    case tllib
    /// The paper of the method's authors.
    case paper
}

/// A method with the keys that it alone has.
enum MethodSettings: Sendable, Equatable {
    /// Cross-entropy alone.
    case fineTune
    /// A quadratic penalty on the distance from the pretrained weights.
    case l2SP(L2SPSettings)
}
