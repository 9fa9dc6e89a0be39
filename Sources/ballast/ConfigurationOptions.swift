import ArgumentParser

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

    /// Reads the configuration that the options name.
    func configuration() throws -> RunConfiguration {
        try RunConfiguration(file: file, assignments: assignments)
    }
}
