/// How the elements of a tensor lie in memory. Only this module looks at it.
///
/// oneDNN computes convolutions fastest when the channels are cut into blocks of a vector's width and a
/// block's channels lie next to each other. Channels that fill up the last block hold zeros, always.
public enum Layout: Hashable, Sendable {
    /// Row-major: the last dimension varies fastest.
    case dense
    /// `[N, C, H, W]` stored as `[N, ⌈C / block⌉, H, W, block]`.
    case blocked(Int)
    /// An order that oneDNN chose for the weights of one convolution.
    case packed(PackedLayout)
}

/// An order of weights that only oneDNN reads, identified by its descriptor.
public final class PackedLayout: Hashable, Sendable {
    let descriptor: MemoryDescriptor

    init(_ descriptor: MemoryDescriptor) { self.descriptor = descriptor }

    /// Whether both describe the same order of the same weights.
    public static func == (left: PackedLayout, right: PackedLayout) -> Bool {
        left.descriptor == right.descriptor
    }

    /// Hashes the extents; equality settles the rest.
    public func hash(into hasher: inout Hasher) { hasher.combine(descriptor.shape) }
}
