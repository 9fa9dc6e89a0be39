public import Hosts
public import Tensors

/// A tensor under a name.
public struct NamedTensor: Sendable {
    /// The name, unique among a method's tensors.
    public let name: String
    /// The tensor.
    public let tensor: Tensor

    /// A tensor under a name.
    public init(_ name: String, _ tensor: Tensor) { (self.name, self.tensor) = (name, tensor) }
}

/// Why a method cannot restore a state.
public struct StateError: Error, ExitCodeProviding, Equatable, CustomStringConvertible {
    /// Which tensor, what was found and what was expected.
    public let description: String
    /// 65: bad data.
    public var exitCode: Int32 { ExitCode.badData }

    init(_ description: String) { self.description = description }
}

extension [NamedTensor] {
    /// The tensor of that name.
    ///
    /// - Throws: `StateError` where it is missing, of another shape or not finite.
    func tensor(_ name: String, shape: Shape? = nil) throws(StateError) -> Tensor {
        guard let found = first(where: { $0.name == name })?.tensor else {
            throw StateError("tensor '\(name)' is missing from the method's state")
        }
        if let shape, found.shape != shape {
            throw StateError(
                "tensor '\(name)' of the method's state has shape \(found.shape), expected \(shape)")
        }
        if let wrong = found.elements.first(where: { !$0.isFinite }) {
            throw StateError("tensor '\(name)' of the method's state holds \(wrong)")
        }
        return found
    }
}
