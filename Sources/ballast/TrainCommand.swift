import ArgumentParser
import Hosts
import ProcessGroups
import Runs
import Training

/// `ballast train`: fine-tunes a network as a configuration says.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Fine-tune a network as a configuration says.",
        discussion: """
            Leaves the model, the log and checkpoints in the folder that the configuration calls 'output'. Started \
            again, it goes on from the newest checkpoint; TERM, Ctrl-C and USR1 save first and end with code 75.

            Examples:
              ballast train --config run.yaml
              ballast train --config run.yaml --set training.epochs=2 --dry-run
              ballast train --config run.yaml --set method.name=bss output=runs/bss
              launch/local.sh -n 4 -- ballast train --config run.yaml
            """)

    /// Where the configuration comes from.
    @OptionGroup
    var options: ConfigurationOptions

    /// Whether to stop before the data are touched.
    @Flag(help: "Read the configuration, print it with every default filled in, and stop.")
    var dryRun = false

    /// What to resume from.
    @Option(
        help: ArgumentHelp(
            "Resume from the newest good checkpoint if there is one (auto), start anew (none), or resume from a checkpoint.",
            valueName: "auto|none|PATH"))
    var resume = "auto"

    @OptionGroup var profiling: ProfileOptions

    @OptionGroup var progress: ProgressOptions

    func run() throws {
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            // Not before: while MPI starts there is nothing to save, and a signal must end it.
            StopSignal.watch()
            let told = ProgressLine()
            try JobChecks.begin(group, progress: told)
            let configuration = try options.configuration(for: group)
            guard !dryRun else {
                return try group.coordinate { () throws -> Void in
                    try StandardOutput.print(configuration.yaml(), terminator: "")
                }
            }
            let run = try configuration.start(
                resume: Resume(resume), profile: profiling.profile, progress: told, group: group)
            let outcome = try run.run()
            ReportWriting.finish(configuration.output, group)
            var lines = ["model: \(run.modelPath)"]
            if let validation = outcome.validation {
                let step = outcome.bestStep == 0 ? "" : ", best after step \(outcome.bestStep)"
                lines.append("validation: \(validation.summary)\(step)")
            }
            if let test = outcome.test { lines.append("test: \(test.summary)") }
            try group.coordinate { () throws -> Void in
                try StandardOutput.print(lines.joined(separator: "\n"))
            }
        }
    }
}
