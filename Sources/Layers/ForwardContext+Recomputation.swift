public import Tensors

extension ForwardContext {
    /// Runs a part of the network whose activations are not kept: `Tape.recomputing`. Batch normalization measures
    /// statistics, and follows them, the first time only.
    ///
    /// - Parameters:
    ///   - input: What the part depends on.
    ///   - parameters: Those of all layers in the part.
    ///   - part: Layers that compute the same each time, and of which nobody observes one.
    /// - Returns: The part's output.
    /// - Throws: What `part` throws.
    public func recomputing(
        _ input: Variable, parameters: [Parameter],
        _ part: @escaping (Variable, ForwardContext) throws -> Variable
    ) throws -> Variable {
        guard tape.isRecording else { return try part(input, self) }
        let remembered = RememberedStatistics()
        return try tape.recomputing(input, parameters: parameters.map(\.variable)) { [self] tape, input in
            remembered.begin()
            return try part(
                input,
                ForwardContext(
                    tape: tape, normalization: normalization, reducer: reducer, outputs: nil,
                    remembered: remembered))
        }
    }
}

/// The statistics of batch normalization in a part that is recomputed, in the order in which they were measured.
final class RememberedStatistics {
    private var statistics: [BatchStatistics] = []
    private var isMeasured = false
    private var position = 0

    /// The part begins: the first time statistics are measured, then they are repeated.
    func begin() { (isMeasured, position) = (!statistics.isEmpty, 0) }

    /// The next statistics where they were measured before.
    func next() -> BatchStatistics? {
        guard isMeasured else { return nil }
        precondition(position < statistics.count, "more normalizations than the first time")
        defer { position += 1 }
        return statistics[position]
    }

    func add(_ measured: BatchStatistics) { statistics.append(measured) }
}
