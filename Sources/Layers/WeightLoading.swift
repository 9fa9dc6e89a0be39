public import Hosts
public import ModelFiles
public import Tensors

/// Why weights do not fit a network.
public struct WeightError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// The file with the weights.
    public let path: String
    /// What was found, what was expected and what to do.
    public let detail: String

    /// The path, then the detail.
    public var description: String { "\(path): \(detail)" }

    /// 65: bad weights.
    public var exitCode: Int32 { ExitCode.badData }

    init(_ path: String, _ detail: String) { (self.path, self.detail) = (path, detail) }
}

extension Backbone {
    /// Takes parameters and running statistics from a file of published weights.
    ///
    /// The classifier of the file is left alone, whatever its number of classes. The tensors of this rank are
    /// written; see that the other ranks get them.
    ///
    /// - Throws: `WeightError` that names a tensor which is missing, unexpected or of another shape, before
    ///   anything is changed; `SafetensorsError` where elements cannot be read.
    public func load(_ file: SafetensorsFile) throws {
        try NamedTensors(backbone: self, head: nil).load(
            file, ignoring: [headName + ".weight", headName + ".bias"])
    }
}

extension Classifier {
    /// Takes all parameters and running statistics from a file, the head's too.
    ///
    /// - Throws: As for a backbone.
    public func load(_ file: SafetensorsFile) throws {
        try NamedTensors(backbone: backbone, head: head).load(file, ignoring: [])
    }

    /// All tensors under the names of published weights, ready to be written.
    ///
    /// - Parameter metadata: Strings for the file's header.
    public func file(metadata: [String: String]) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: metadata)
        for (name, tensor) in NamedTensors(backbone: backbone, head: head).tensors {
            writer.add(name, tensor)
        }
        for layer in backbone.normalizations {
            writer.add(layer.name + ".num_batches_tracked", integers: [layer.batchCount], shape: [])
        }
        return writer
    }

    /// Every tensor that makes up the classifier's state, parameters and running statistics, for copying it
    /// from rank to rank. Call `parametersDidChange` after writing to them.
    public var stateTensors: [Tensor] {
        NamedTensors(backbone: backbone, head: head).tensors.map(\.tensor)
    }

    /// To be called after `stateTensors` were written in place.
    public func parametersDidChange() {
        for parameter in parameters { parameter.variable.valueDidChange() }
    }
}

/// The tensors of a network by name, and how they compare with those of a file.
private struct NamedTensors {
    let tensors: [(name: String, tensor: Tensor)]
    let normalizations: [BatchNormalization]
    let parameters: [Parameter]

    init(backbone: any Backbone, head: Linear?) {
        normalizations = backbone.normalizations
        parameters = backbone.parameters + (head?.parameters ?? [])
        tensors =
            parameters.map { ($0.name, $0.variable.value) }
            + normalizations.flatMap {
                [($0.name + ".running_mean", $0.runningMean), ($0.name + ".running_var", $0.runningVariance)]
            }
    }

    func load(_ file: SafetensorsFile, ignoring ignored: Set<String>) throws {
        try check(file, ignoring: ignored)
        let loaded = try tensors.map { try file.tensor($0.name) }
        let counts = try normalizations.map { layer in
            let name = layer.name + ".num_batches_tracked"
            return file.shape(of: name) == nil ? 0 : Int64(try file.integers(name).first ?? 0)
        }
        // From here on nothing can fail.
        for (own, other) in zip(tensors, loaded) { own.tensor.copy(from: other) }
        for parameter in parameters { parameter.variable.valueDidChange() }
        for (layer, count) in zip(normalizations, counts) { layer.batchCount = count }
    }

    private func check(_ file: SafetensorsFile, ignoring ignored: Set<String>) throws(WeightError) {
        let hint = "are these the weights of another network, base-width or stem?"
        let missing = tensors.map(\.name).filter { file.shape(of: $0) == nil }
        if let first = missing.first {
            throw WeightError(
                file.path,
                "tensor '\(first)' is missing, as are \(missing.count - 1) others of \(tensors.count); \(hint)"
            )
        }
        for (name, tensor) in tensors {
            guard let found = file.shape(of: name), found != tensor.shape else { continue }
            throw WeightError(
                file.path, "tensor '\(name)' has shape \(found), the network needs \(tensor.shape); \(hint)")
        }
        let counters = normalizations.map { $0.name + ".num_batches_tracked" }
        let expected = Set(tensors.map(\.name) + counters).union(ignored)
        let unexpected = file.names.filter { !expected.contains($0) }
        if let first = unexpected.first {
            throw WeightError(
                file.path,
                "tensor '\(first)' is unexpected, as are \(unexpected.count - 1) others; \(hint)")
        }
    }
}
