import ArgumentParser
import Hosts
import ProcessGroups
import Runs

/// `ballast relate`: Co-Tuning's relationship of source and target classes alone.
struct RelateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relate",
        abstract: "Learn Co-Tuning's p(source class | target class), as a file, a table and a picture.",
        discussion: """
            The configuration's method must be co-tuning. A later run uses the file as method.relationship-file.

            Examples:
              ballast relate --config run.yaml --output relationship.safetensors
              ballast relate --config run.yaml --set training.seed=1 --output r.safetensors
            """)

    /// Where the configuration comes from.
    @OptionGroup
    var options: ConfigurationOptions

    @Option(help: "The file to write; a .csv table and an .svg picture are written beside it.")
    var output: String

    @OptionGroup var progress: ProgressOptions

    func run() throws {
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            try JobChecks.begin(group)
            let configuration = try options.configuration(for: group)
            let words = try RelationshipLearning.run(
                configuration, from: options.file, output: output, group: group)
            try group.coordinate { () throws -> Void in
                try StandardOutput.print(words.joined(separator: "\n"))
            }
        }
    }
}
