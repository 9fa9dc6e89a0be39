import Layers
import ProcessGroups
import Tensors
import Training

/// Where a run's parameters start: pretrained or random, with a new head or a given one.
struct StartingPoint {
    private let configuration: RunConfiguration
    private let classCount: Int

    init(_ configuration: RunConfiguration, classCount: Int) {
        (self.configuration, self.classCount) = (configuration, classCount)
    }

    /// The classifier with its starting values, equal on all ranks: rank 0 reads the files, the others receive.
    ///
    /// - Throws: `CollectiveFailure` with rank 0's error, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func makeClassifier(group: any ProcessGroup) throws -> Classifier {
        let classifier = Classifier(backbone: configuration.network.makeBackbone(), classCount: classCount)
        let seed = configuration.training.seed
        classifier.backbone.initialize(seed: seed)
        classifier.head.initialize(seed: seed)
        try group.coordinate { () throws -> Void in
            if let weights = configuration.network.weights {
                try classifier.backbone.load(try SafetensorsFile(contentsOf: weights))
            }
            if let state = configuration.initialState {
                try Self.load(try SafetensorsFile(contentsOf: state), into: classifier)
            }
        }
        try classifier.replicate(over: group)
        return classifier
    }

    /// Names that an initial state may hold; those of other methods are left alone.
    private static let knownNames: Set<String> = [
        "head.weight", "head.bias", "projector.weight", "projector.bias", "queue_h", "queue_z",
    ]

    private static func load(_ file: SafetensorsFile, into classifier: Classifier) throws {
        if let unknown = file.names.first(where: { !knownNames.contains($0) }) {
            throw UsageError(
                "\(file.path): tensor '\(unknown)' is none that a run can start from; known: \(knownNames.sorted().joined(separator: ", "))"
            )
        }
        let targets = [("head.weight", classifier.head.weight), ("head.bias", classifier.head.bias)]
        for (name, parameter) in targets {
            guard let shape = file.shape(of: name) else { continue }
            guard shape == parameter.shape else {
                throw UsageError(
                    "\(file.path): tensor '\(name)' has shape \(shape), the new head needs \(parameter.shape): \(parameter.shape[0]) classes are in the data"
                )
            }
            parameter.variable.assign(try file.tensor(name))
        }
    }
}
