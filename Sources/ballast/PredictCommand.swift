import ArgumentParser
import Hosts
import ProcessGroups
import Runs

/// `ballast predict`: what a saved model says of images without labels.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Classify images that have no labels.",
        discussion: "The result is CSV: path, name of the class, and a probability for each class.")

    @Option(help: "The folder of a run, or a model.safetensors that a run wrote.")
    var model: String

    @Option(parsing: .upToNextOption, help: "The images.")
    var data: [String]

    @Option(name: [.short, .long], help: "The CSV file to write. Default: standard output.")
    var output: String?

    func run() throws {
        let prediction = ModelPrediction(model: model, data: data, output: output)
        try Ballast.runOnAllRanks { group in
            try JobChecks.begin(group)
            guard let table = try prediction.run(group) else { return }
            try group.coordinate { () throws -> Void in try StandardOutput.print(table, terminator: "") }
        }
    }
}
