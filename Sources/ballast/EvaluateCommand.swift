import ArgumentParser
import Hosts
import ProcessGroups
import Runs

/// `ballast evaluate`: how well a saved model does on a data set.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluate a saved model on a data set.",
        discussion: """
            Prints accuracy, mean class accuracy and loss. Images are prepared as the model was trained to see them.

            Examples:
              ballast evaluate --model runs/first --data photos/test
              ballast evaluate --model runs/first --data photos/test --predictions p.csv
              ballast evaluate --model runs/first --data photos/test --report page.html
              ballast evaluate --model runs/first --data photos/test --ten-crop --json
            """)

    @Option(help: "The folder of a run, or a model.safetensors that a run wrote.")
    var model: String

    @Option(
        help:
            "A folder of class folders, a list of \"path label\" lines, IDX images with their labels beside them, or a .safetensors data set."
    )
    var data: String

    @Option(
        parsing: .upToNextOption,
        help:
            "Classes of the data that are the model's, in order: labels, or names where the data have names. Default: those that the model was trained on."
    )
    var classes: [String] = []

    @Flag(
        help:
            "Average the probabilities of ten crops of each image: four corners and the middle of the image, its shorter side resized, and of its mirror image."
    )
    var tenCrop = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(help: "Write sample, label, prediction and probabilities to this CSV file.")
    var predictions: String?

    @Option(
        help:
            "Write a page of the result to this HTML file: errors with their pictures, confusions, classes, calibration, labels that are probably wrong."
    )
    var report: String?

    @OptionGroup var progress: ProgressOptions

    func run() throws {
        let evaluation = ModelEvaluation(
            model: model, data: data, classes: classes, predictions: predictions,
            report: report, tenCrop: tenCrop)
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            try JobChecks.begin(group)
            let result = try evaluation.run(group)
            if group.rank == 0, let notice = result.notice { StandardError.print(notice) }
            try group.coordinate { () throws -> Void in
                try StandardOutput.print(json ? result.json() : result.text)
            }
        }
    }
}
