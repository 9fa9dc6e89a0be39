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
    /// Reads parameters and buffers from a file of published weights.
    ///
    /// The classifier of the file is left alone, whatever its number of classes. The tensors of this rank are
    /// written; see that the other ranks get them.
    ///
    /// - Throws: `WeightError` that names a tensor which is missing, unexpected or of another shape, before
    ///   anything is changed; `SafetensorsError` where elements cannot be read.
    public func load(_ file: SafetensorsFile) throws {
        try NetworkState(parameters: parameters, buffers: buffers).load(
            file, ignoring: [headName + ".weight", headName + ".bias"])
    }
}

extension ImageClassifier {
    /// Reads all parameters and buffers from a file, the head's too.
    ///
    /// - Throws: As for a backbone.
    public func load(_ file: SafetensorsFile) throws { try state.load(file, ignoring: []) }

    /// Parameters and buffers under the names of published weights, ready to be written.
    ///
    /// - Parameter metadata: Strings for the file's header.
    public func file(metadata: [String: String]) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: metadata)
        for (name, tensor) in state.tensors { writer.add(name, tensor) }
        for (name, counter) in buffers.counters { writer.add(name, integers: [counter.value], shape: []) }
        return writer
    }

    /// Every tensor that makes up the classifier's state, parameters and buffers, for copying it from rank to
    /// rank. Call `parametersDidChange` after writing to them.
    public var stateTensors: [Tensor] { state.tensors.map(\.tensor) }

    /// To be called after `stateTensors` were written in place.
    public func parametersDidChange() {
        for parameter in parameters { parameter.variable.valueDidChange() }
    }

    private var state: NetworkState { NetworkState(parameters: parameters, buffers: buffers) }
}

/// The parameters and buffers of a network by name, and how they compare with those of a file.
private struct NetworkState {
    let parameters: [Parameter]
    let buffers: [Buffer]

    /// Everything but counters.
    var tensors: [(name: String, tensor: Tensor)] {
        parameters.map { ($0.name, $0.variable.value) } + buffers.tensors
    }

    func load(_ file: SafetensorsFile, ignoring ignored: Set<String>) throws {
        try check(file, ignoring: ignored)
        let loaded = try tensors.map { try file.tensor($0.name) }
        let counts = try buffers.counters.map { name, _ in
            file.shape(of: name) == nil ? 0 : Int64(try file.integers(name).first ?? 0)
        }
        // From here on nothing can fail.
        for (own, other) in zip(tensors, loaded) { own.tensor.copy(from: other) }
        for parameter in parameters { parameter.variable.valueDidChange() }
        for (own, count) in zip(buffers.counters, counts) { own.counter.value = count }
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
        let expected = Set(tensors.map(\.name) + buffers.counters.map(\.name)).union(ignored)
        let unexpected = file.names.filter { !expected.contains($0) }
        if let first = unexpected.first {
            throw WeightError(
                file.path,
                "tensor '\(first)' is unexpected, as are \(unexpected.count - 1) others; \(hint)")
        }
    }
}
