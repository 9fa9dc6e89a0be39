import ArgumentParser
import Foundation
import Hosts
import ImageData
import ProcessGroups
import Regularizers
import Runs
import Training

/// `ballast relate`: Co-Tuning's relationship of source and target classes alone.
struct RelateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relate",
        abstract: "Learn Co-Tuning's p(source class | target class), as a file, a table and a picture.")

    /// Where the configuration comes from.
    @OptionGroup
    var options: ConfigurationOptions

    @Option(help: "The file to write; a .csv table and an .svg picture are written beside it.")
    var output: String

    func run() throws { try Ballast.runOnAllRanks(relate) }

    private func relate(_ group: any ProcessGroup) throws {
        try JobChecks.begin(group)
        let configuration = try options.configuration(for: group)
        guard case .coTuning(let settings) = configuration.method.settings else {
            throw CollectiveFailure(
                message:
                    "method.name is \(configuration.method.name.rawValue): only co-tuning has a relationship; add --set 'method={name: co-tuning}'",
                exitCode: ExitCode.wrongUse)
        }
        try group.coordinate { () throws -> Void in try WriteAccess.require(output) }
        let seed = configuration.training.seed
        let splits = try TrainingSplits.open(configuration, group: group)
        let start = try StartingPoint(configuration, classCount: splits.training.classCount, group: group)
        _ = try JobChecks.weightsDigest(configuration, group: group)
        guard let head = start.sourceHead else {
            throw CollectiveFailure(
                message: "method co-tuning needs network.weights: the pretrained network with its classifier",
                exitCode: ExitCode.wrongUse)
        }
        let shard = Shard(rank: group.rank, size: group.size)
        let relationship = try CoTuning.learn(
            settings.learning, head: head,
            Preparation(
                backbone: start.classifier.backbone, weightsDigest: "none",
                training: SubsetSource(
                    splits.training, pipeline: splits.evaluationPipeline, shard: shard, seed: seed),
                validation: splits.validation.map {
                    SubsetSource($0, pipeline: splits.evaluationPipeline, shard: shard, seed: seed)
                },
                group: group,
                seed: seed, directory: "", say: { _ in }))
        try group.coordinate { () throws -> Void in try relationship.write(to: output, isNamedByUser: true) }
        guard group.rank == 0 else { return }
        for line in relationship.words(count: 3, sourceClassNames: start.sourceClassNames) { print(line) }
        print("wrote \(output), and beside it a .csv table and an .svg picture")
    }
}
