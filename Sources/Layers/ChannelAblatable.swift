public import Tensors

/// A frozen backbone that can be computed as if one filter of a convolution were zero, over and over, without
/// what comes before the convolution being computed again.
///
/// DELTA's exact attention needs it: Li et al., DELTA: deep learning transfer using feature map with attention for
/// convolutional networks, ICLR 2019.
public protocol ChannelAblatable: FrozenBackbone {
    /// The kept convolutions whose filters can be zeroed.
    var ablatableLayers: [String] { get }

    /// What is needed to go on from each of some convolutions; what follows the last of them is not computed.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - names: Some of `ablatableLayers`.
    /// - Throws: `LayerNameError`.
    func states(_ images: Tensor, at names: [String]) throws -> [String: ChannelState]

    /// The features `[G·N, F]` as if one filter of a convolution were zero, for G filters in turn: its raw output,
    /// before batch normalization, is 0 in that channel.
    ///
    /// Only what follows the convolution is computed, for all filters in one batch. The state is as it was
    /// afterwards.
    ///
    /// - Parameters:
    ///   - state: Of N samples and this network.
    ///   - channels: The filters, at least one.
    /// - Throws: Nothing that `states` did not throw.
    func tail(from state: ChannelState, zeroing channels: [Int]) throws -> Tensor

    /// How zeroing a filter changes the pooled feature of its channel, for each sample and channel:
    /// `mean(activation(shift[c] − mean[c] · gain[c] + shortcut)) − mean(output)`, `[N, C]`; nil where
    /// convolutions follow, so that a filter touches other features as well.
    ///
    /// Where pooling alone follows, nothing has to be convolved.
    ///
    /// - Parameter state: Of this network.
    func pooledChanges(_ state: ChannelState) -> Tensor?
}

extension ChannelAblatable {
    /// The features `[N, F]` as if one filter of a convolution were zero.
    public func tail(from state: ChannelState, zeroing channel: Int) throws -> Tensor {
        try tail(from: state, zeroing: [channel])
    }
}

/// The activations at a convolution, from which the rest of the network can be computed.
///
/// Use one from one thread at a time: computing a tail changes `output` in place for a while.
public final class ChannelState {
    /// Name of the convolution.
    public let layer: String
    /// Raw output of the convolution, before batch normalization, `[N, C, H, W]`.
    public let map: Tensor
    /// What the block's shortcut adds: behind this convolution, or behind a later one of the block. Nil where the
    /// block has no shortcut.
    public let shortcut: Tensor?
    /// The map after normalization, addition and activation, `[N, C, H, W]`: what follows reads it.
    public let output: Tensor

    /// A state; `output` must not share its storage.
    public init(layer: String, map: Tensor, shortcut: Tensor?, output: Tensor) {
        precondition(map.shape == output.shape, "map \(map.shape) and output \(output.shape) of \(layer)")
        (self.layer, self.map, self.shortcut, self.output) = (layer, map, shortcut, output)
    }
}
