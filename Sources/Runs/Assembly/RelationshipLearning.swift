internal import Hosts
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
    ///   - output: The file; the table and the picture lie beside it.
    ///   - group: The ranks.
    /// - Returns: The relationship in words, a line for each target class; meant for rank 0.
    /// - Throws: `CollectiveFailure`, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func run(
        _ configuration: RunConfiguration, output: String, group: any ProcessGroup
    ) throws -> [String] {
        guard let settings = configuration.method.settings as? CoTuningSettings else {
            throw CollectiveFailure(
                message:
                    "method.name is \(configuration.method.name.rawValue): only co-tuning has a relationship; add --set 'method={name: co-tuning}'",
                exitCode: ExitCode.wrongUse)
        }
        try group.coordinate { () throws -> Void in try WriteAccess.require(output) }
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
            try relationship.writePicture(beside: output, isNamedByUser: true)
        }
        return relationship.words(count: 3, sourceClassNames: start.sourceClassNames)
    }
}
