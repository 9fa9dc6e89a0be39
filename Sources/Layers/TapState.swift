public import Tensors

/// The activations at a tap, from which the rest of the network can be computed over and over.
///
/// Use one from one thread at a time: computing a tail changes `output` in place for a while.
public final class TapState {
    /// The tap.
    public let tap: FeatureTap
    /// Raw output of the tap's convolution, before batch normalization, `[N, C, H, W]`.
    public let map: Tensor
    /// What is added after batch normalization, `[N, C, H, W]`; nil where nothing is.
    public let shortcut: Tensor?
    /// `rectified(normalized map + shortcut)`, `[N, C, H, W]`: what follows the stage reads it.
    public let output: Tensor

    /// A state of tensors of one shape; `output` must not share its storage.
    public init(tap: FeatureTap, map: Tensor, shortcut: Tensor?, output: Tensor) {
        precondition(
            (shortcut ?? map).shape == map.shape && map.shape == output.shape,
            "map \(map.shape), shortcut \((shortcut ?? map).shape) and output \(output.shape) of a tap")
        (self.tap, self.map, self.shortcut, self.output) = (tap, map, shortcut, output)
    }
}
