/// Where the channels of a `[N, C, H, W]` tensor lie, for loops that treat each channel alike.
///
/// The storage is `[samples, blocks, positions, lanes]`: dense tensors have one lane and a block a channel.
struct ChannelGeometry: Sendable {
    let samples: Int
    /// Channels, without those of padding.
    let channels: Int
    /// Blocks of channels; the last may hold channels of padding.
    let blocks: Int
    /// Rows times columns.
    let positions: Int
    /// Channels that lie next to each other.
    let lanes: Int

    init(_ tensor: Tensor) {
        precondition(tensor.shape.rank == 4, "[N, C, H, W] expected, not \(tensor.shape)")
        lanes =
            switch tensor.layout {
            case .dense: 1
            case .blocked(let block): block
            case .packed: preconditionFailure("weights of a convolution are not a feature map")
            }
        (samples, channels) = (tensor.shape[0], tensor.shape[1])
        blocks = (channels + lanes - 1) / lanes
        positions = tensor.shape[2] * tensor.shape[3]
    }

    /// Channels with those of padding.
    var paddedChannels: Int { blocks * lanes }

    /// Elements from one block of a sample to the next.
    var blockStride: Int { positions * lanes }
}
