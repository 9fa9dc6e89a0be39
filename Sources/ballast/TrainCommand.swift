import ArgumentParser
import ProcessGroups

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
        try Ballast.runOnAllRanks { group in
            let configuration = try options.configuration(for: group)
            guard !dryRun else {
                if group.rank == 0 { print(configuration.yaml(), terminator: "") }
                return
            }
            let run = try TrainingRun(configuration, group: group)
            let outcome = try run.trainer.run()
            guard group.rank == 0 else { return }
            print("model: \(run.modelPath)")
            if let validation = outcome.validation {
                print("validation: \(validation.summary), best after step \(outcome.bestStep)")
            }
            if let test = outcome.test { print("test: \(test.summary)") }
        }
    }
}
