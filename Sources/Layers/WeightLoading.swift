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

    /// An error about a file.
    public init(_ path: String, _ detail: String) { (self.path, self.detail) = (path, detail) }

    /// Throws unless all elements are finite and variances are not negative.
    ///
    /// - Parameters:
    ///   - tensor: Dense.
    ///   - name: Its name in published weights; `….running_var` are variances.
    ///   - path: The file that it is from.
    package static func requireFinite(
        _ tensor: Tensor, _ name: String, _ path: String
    ) throws(WeightError) {
        let isVariance = name.hasSuffix(".running_var")
        func isWrong(_ value: Float) -> Bool { !value.isFinite || (isVariance && value < 0) }
        try tensor.withElements { elements throws(WeightError) in
            // Without a branch, so that the processor looks at many at a time.
            let anyWrong = elements.reduce(into: false) { $0 = isWrong($1) || $0 }
            guard anyWrong, let index = elements.firstIndex(where: isWrong) else { return }
            throw WeightError(
                path,
                "element \(index) of tensor '\(name)' is \(elements[index]); expected "
                    + (isVariance ? "variances, which are finite and not negative" : "finite numbers")
                    + ": the weights come from a run that diverged, or the file is damaged")
        }
    }
}

extension Backbone {
    /// Reads parameters and buffers from a file of published weights.
    ///
    /// The classifier of the file is left alone, whatever its number of classes. The tensors of this rank are
    /// written; see that the other ranks get them.
    ///
    /// - Throws: `WeightError` that names a tensor which is missing, unexpected, of another shape or not finite, or a
    ///   negative variance, before anything is changed; the file's error where elements cannot be read.
    public func load(_ file: some WeightSource) throws {
        try NetworkState(parameters: parameters, buffers: buffers).load(
            file, ignoring: [headName + ".weight", headName + ".bias"])
    }

    /// Parameters and buffers, and those of a head, ready to be written.
    ///
    /// - Parameters:
    ///   - head: Its parameters come too; nil for features alone.
    ///   - metadata: Strings for the file's header.
    ///   - rename: The name in the file for the name in this network.
    public func file(
        head: Linear?, metadata: [String: String], rename: (String) -> String = { $0 }
    ) -> SafetensorsWriter {
        NetworkState(parameters: parameters + (head?.parameters ?? []), buffers: buffers)
            .file(metadata: metadata, rename: rename)
    }
}

extension ImageClassifier {
    /// Reads all parameters and buffers from a file, the head's too.
    ///
    /// - Throws: As for a backbone.
    public func load(_ file: some WeightSource) throws { try state.load(file, ignoring: []) }

    /// Parameters and buffers under the names of published weights, ready to be written.
    ///
    /// - Parameter metadata: Strings for the file's header.
    public func file(metadata: [String: String]) -> SafetensorsWriter {
        state.file(metadata: metadata) { $0 }
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

    func file(metadata: [String: String], rename: (String) -> String) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: metadata)
        for (name, tensor) in tensors { writer.add(rename(name), tensor) }
        for (name, counter) in buffers.counters {
            writer.add(rename(name), integers: [counter.value], shape: [])
        }
        return writer
    }

    func load(_ file: some WeightSource, ignoring ignored: Set<String>) throws {
        try check(file, ignoring: ignored)
        let loaded = try tensors.map { name, _ in
            let tensor = try file.tensor(name)
            try WeightError.requireFinite(tensor, name, file.path)
            return tensor
        }
        // A file of weights may be without counts, which nothing but their own growth depends on.
        let counts = try buffers.counters.map { name, _ in
            file.shape(of: name) == nil ? 0 : try file.counter(name)
        }
        // From here on nothing can fail.
        for (own, other) in zip(tensors, loaded) { own.tensor.copy(from: other) }
        for parameter in parameters { parameter.variable.valueDidChange() }
        for (own, count) in zip(buffers.counters, counts) { own.counter.value = count }
    }

    private func check(_ file: some WeightSource, ignoring ignored: Set<String>) throws(WeightError) {
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
