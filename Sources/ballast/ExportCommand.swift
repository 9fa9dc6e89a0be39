import ArgumentParser
import Hosts
import Networks
import Runs

/// `ballast export`: writes a saved model under the names that Python's libraries give to its tensors.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a saved model under torchvision's or timm's names, for Python.")

    @Option(help: "The folder of a run, or a file of weights.")
    var model: String

    @Option(
        help:
            "\(NameOrigin.allCases.map(\.rawValue).joined(separator: " | ")). Default: torchvision's, or timm's where torchvision does not have the network."
    )
    var names: NameOrigin?

    @Option(name: .shortAndLong, help: "The safetensors file to write.")
    var output: String

    func run() throws {
        try Ballast.runOnOneRank {
            let lines = try ModelExport(model: model, names: names, output: output).run()
            try StandardOutput.print(lines.joined(separator: "\n"))
        }
    }
}

extension NameOrigin: ExpressibleByArgument {}
