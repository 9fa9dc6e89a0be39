import ArgumentParser
import ProcessGroups
import Runs

/// The options of every command that reads a run configuration.
struct ConfigurationOptions: ParsableArguments {
    /// The configuration file, relative to the current folder.
    @Option(name: .customLong("config"), help: "The configuration, a YAML file.")
    var file: String

    /// `key.path=value` texts, in their order; later ones win.
    @Option(
        name: .customLong("set"), parsing: .upToNextOption,
        help: ArgumentHelp(
            "Replace or add a value of the configuration.",
            discussion: """
                The value is YAML: 3, false, null, [0, 2] or {name: cosine}. Paths are relative to the \
                configuration file.
                """,
            valueName: "key.path=value"))
    var assignments: [String] = []

    /// Reads the configuration that the options name, on rank 0, and gives every rank the same.
    ///
    /// - Throws: `CollectiveFailure` with the mistake, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func configuration(for group: any ProcessGroup) throws -> RunConfiguration {
        try RunConfiguration.read(file, assignments: assignments, for: group)
    }
}
