import ArgumentParser
import Hosts
import ProcessGroups
import Runs

/// `ballast predict`: what a saved model says of images without labels.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Classify images that have no labels.",
        discussion: """
            The result is CSV: path, name of the class, and a probability for each class.

            Examples:
              ballast predict --model runs/first --data new-pictures --output classes.csv
              ballast predict --model runs/first --data one.jpg two.jpg
            """)

    @Option(help: "The folder of a run, or a model.safetensors that a run wrote.")
    var model: String

    @Option(parsing: .upToNextOption, help: "Images, or folders of images.")
    var data: [String]

    @Option(name: [.short, .long], help: "The CSV file to write. Default: standard output.")
    var output: String?

    @OptionGroup var progress: ProgressOptions

    func run() throws {
        let prediction = ModelPrediction(model: model, data: data, output: output)
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            try JobChecks.begin(group)
            guard let table = try prediction.run(group) else { return }
            try group.coordinate { () throws -> Void in try StandardOutput.print(table, terminator: "") }
        }
    }
}
