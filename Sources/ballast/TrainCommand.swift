import ArgumentParser

/// `ballast train`: fine-tunes a network as a configuration says.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Fine-tune a network as a configuration says.")

    /// Where the configuration comes from.
    @OptionGroup
    var options: ConfigurationOptions

    /// Whether to stop before the data are touched.
    @Flag(help: "Read the configuration, print it with every default filled in, and stop.")
    var dryRun = false

    func run() throws {
        let configuration = try options.configuration()
        guard dryRun else {
            throw ValidationError("this build reads configurations only: add --dry-run")
        }
        print(configuration.yaml(), terminator: "")
    }
}
