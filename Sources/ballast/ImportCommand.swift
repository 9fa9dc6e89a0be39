import ArgumentParser
import Hosts
import Runs

/// `ballast import`: turns published weights into a safetensors file.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn published weights into a safetensors file, and say what was found in them.",
        discussion: """
            Reads PyTorch checkpoints, in both of their formats, and safetensors, also sharded ones by their index. \
            Nothing that a file names is called. Base width, stem and number of classes are read from the shapes. \
            'network.weights' of a configuration takes the same files as they are.

            Examples:
              ballast import resnet50.pth --network resnet50 -o resnet50.safetensors
              ballast import w.safetensors.index.json --network resnet18 -o w.safetensors
            """)

    @Argument(help: "The weights: .pth, .pt, .pth.tar, .bin, .safetensors or .safetensors.index.json.")
    var weights: String

    @Option(help: "\(NetworkConfiguration.Name.allCases.map(\.rawValue).joined(separator: " | ")).")
    var network: NetworkConfiguration.Name

    @Option(name: .shortAndLong, help: "The safetensors file to write.")
    var output: String

    func run() throws {
        try Ballast.runOnOneRank {
            let lines = try WeightImport(weights: weights, network: network, output: output).run()
            try StandardOutput.print(lines.joined(separator: "\n"))
        }
    }
}
