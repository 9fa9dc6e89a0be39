internal import Foundation
internal import Hosts
internal import ModelFiles
package import ProcessGroups
internal import Regularizers
internal import Reports
internal import Training

/// Learns Co-Tuning's relationship of source and target classes alone.
package enum RelationshipLearning {
    /// Learns the relationship of a configured run and writes it as a file, a table and a picture.
    ///
    /// - Parameters:
    ///   - configuration: One of the method `co-tuning`.
    ///   - file: Where it was read from.
    ///   - output: The file; the table and the picture lie beside it, unless it is a device or a pipe.
    ///   - group: The ranks.
    /// - Returns: The relationship in words, a line for each target class, and what was written; meant for rank 0.
    /// - Throws: `CollectiveFailure`, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func run(
        _ configuration: RunConfiguration, from file: String, output: String, group: any ProcessGroup
    ) throws -> [String] {
        guard let settings = configuration.method.settings as? CoTuningSettings else {
            throw CollectiveFailure(
                message:
                    "method.name is \(configuration.method.name.rawValue): only co-tuning has a relationship; add --set 'method={name: co-tuning}'",
                exitCode: ExitCode.wrongUse)
        }
        let hasCompanions = OutputFile.isFile(named: output)
        try group.coordinate { () throws -> Void in
            let inputs =
                [file, configuration.data.train, configuration.data.test, configuration.network.weights]
                .compactMap(\.self)
            try WriteAccess.requireFile(output, apartFrom: inputs)
            if hasCompanions { try requireOwnCompanions(of: output, inputs) }
        }
        let data = try PreparedData(configuration, group: group)
        let start = try StartingPoint(configuration, classCount: data.classCount, group: group)
        guard let head = start.sourceHead else {
            throw CollectiveFailure(
                message: "method co-tuning needs network.weights: the pretrained network with its classifier",
                exitCode: ExitCode.wrongUse)
        }
        let (weights, network) = (start.weightsDigest, start.networkName)
        if group.rank == 0, let notice = settings.scaleNotice(weights: weights, of: network) {
            ProgressLine().say(notice)
        }
        let relationship = try CoTuning.learn(
            settings.learning(weights: weights, of: network), head: head,
            start.preparation(on: data.methodSamples, group: group, directory: ""))
        try group.coordinate { () throws -> Void in
            try relationship.write(to: output, isNamedByUser: true)
            if hasCompanions { try relationship.writePicture(beside: output, isNamedByUser: true) }
        }
        return relationship.words(count: 3) + [
            "wrote \(output)" + (hasCompanions ? ", and beside it a .csv table and an .svg picture" : "")
        ]
    }

    /// Makes sure that table and picture, whose names the user did not give, take the place of such ones at most.
    ///
    /// - Throws: `UsageError` (64) where a file of that name is something else; as `WriteAccess` does.
    private static func requireOwnCompanions(of output: String, _ inputs: [String]) throws {
        for (name, start) in [("csv", "class,0"), ("svg", "<svg ")] {
            let path = Relationship.path(beside: output, extension: name)
            try WriteAccess.requireFile(path, apartFrom: inputs)
            // Whoever made a link or a pipe of that name meant it to be written through.
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
                continue
            }
            let found = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(
                upToCount: start.utf8.count)
            guard found == Data(start.utf8) else {
                throw UsageError(
                    "\(path): is there already, and this command did not write it; the table and the picture "
                        + "lie beside the file of --output: give it another name")
            }
        }
    }
}
