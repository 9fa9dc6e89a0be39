import ArgumentParser
import Hosts
import Networks
import Runs

/// `ballast export`: writes a saved model in a form that other programs read.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a saved model for Python, as ONNX, or its model card.",
        discussion: """
            What is written depends on the ending of FILE:

              .safetensors  the tensors, under torchvision's or timm's names
              .onnx         the network in evaluation, its batch normalization folded
                            into the convolutions, for any number of images; mean,
                            std, size and classes stand in its metadata
              .md           a model card for a hub, of a run's folder: results,
                            classes, how it was trained, and how Python loads it

            Examples:
              ballast export --model runs/flowers -o flowers.onnx
              ballast export --model runs/flowers --names timm -o flowers.safetensors
              ballast export --model runs/flowers -o README.md
            """)

    @Option(help: "The folder of a run, or a file of weights.")
    var model: String

    @Option(
        help:
            "Names of tensors in safetensors: \(NameOrigin.allCases.map(\.rawValue).joined(separator: " | ")). Default: torchvision's, or timm's where torchvision does not have the network."
    )
    var names: NameOrigin?

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "FILE"))
    var output: String

    func run() throws {
        try Ballast.runOnOneRank {
            let lines = try ModelExport(model: model, names: names, output: output).run()
            try StandardOutput.print(lines.joined(separator: "\n"))
        }
    }
}

extension NameOrigin: ExpressibleByArgument {}
