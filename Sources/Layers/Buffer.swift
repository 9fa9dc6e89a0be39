public import Tensors

/// What a layer keeps beside its parameters, under the name that published weights give it: changed by forward
/// passes, not by the optimizer. PyTorch's registered buffers.
///
/// Whoever loads, saves, copies or replicates a network goes over its buffers and need not know which layers
/// they belong to.
public struct Buffer {
    /// What a buffer holds.
    public enum Value {
        /// Numbers, changed in place. Where ranks hold different ones, their mean over the ranks stands for all.
        case tensor(Tensor)
        /// A count; 0 where a file of published weights has none.
        case counter(Counter)
    }

    /// For example `bn1.running_mean`.
    public let name: String
    /// Shared with the layer.
    public let value: Value

    /// A buffer of numbers.
    public init(name: String, tensor: Tensor) { (self.name, value) = (name, .tensor(tensor)) }

    /// A buffer that counts.
    public init(name: String, counter: Counter) { (self.name, value) = (name, .counter(counter)) }
}

/// A count that a layer and those who save it share.
public final class Counter {
    /// The count.
    public var value: Int64 = 0

    /// A count of 0.
    public init() {}
}

extension [Buffer] {
    /// The buffers of numbers, in order.
    public var tensors: [(name: String, tensor: Tensor)] {
        compactMap { buffer in
            if case .tensor(let tensor) = buffer.value { (buffer.name, tensor) } else { nil }
        }
    }

    /// The buffers that count, in order.
    public var counters: [(name: String, counter: Counter)] {
        compactMap { buffer in
            if case .counter(let counter) = buffer.value { (buffer.name, counter) } else { nil }
        }
    }
}
