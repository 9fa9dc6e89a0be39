/// The section `method`: what is added to the classification loss.
package struct MethodConfiguration: Sendable, Equatable {
    /// Whose defaults apply, key `profile`. Default `tllib`.
    var profile: MethodProfile
    /// The method, key `name` (required), with the keys that it alone has.
    package var settings: any MethodSettings

    /// The method's name.
    package var name: MethodName { type(of: settings).name }

    /// A method with the defaults of a profile, for a network with stages of these names.
    init(name: MethodName, profile: MethodProfile = .tllib, stageNames: [String]) {
        self.profile = profile
        settings = name.settings.init(profile: profile, stageNames: stageNames)
    }

    /// Reads the section, for a network with stages of these names.
    init(reading reader: inout SectionReader, stageNames: [String]) throws {
        let name = try reader.required("name", ValueKind<MethodName>.choice)
        reader.keysBelong(to: "method", named: name.rawValue)
        let profile = try reader.value("profile", .choice, default: MethodProfile.tllib)
        self.init(name: name, profile: profile, stageNames: stageNames)
        try settings.read(&reader)
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] { common + settings.entries }

    /// Those that must stay the same for a run to go on from a checkpoint.
    var identity: [YAMLEntry] { common + settings.identity }

    private var common: [YAMLEntry] {
        [YAMLEntry("name", .text(name.rawValue)), YAMLEntry("profile", .text(profile.rawValue))]
    }

    package static func == (first: MethodConfiguration, second: MethodConfiguration) -> Bool {
        first.profile == second.profile && first.settings.isEqual(to: second.settings)
    }
}
