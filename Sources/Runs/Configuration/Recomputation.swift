/// What the backward pass computes again so that the forward pass need not keep it; raw values are those of the key
/// `training.recompute`. The numbers of a run are the same either way.
///
/// Chen, Xu, Zhang and Guestrin, Training deep nets with sublinear memory cost, 2016.
package enum Recomputation: String, Sendable, CaseIterable {
    /// Nothing: all activations are kept.
    case none
    /// What lies inside of the blocks of each stage, and before them; the outputs of blocks are kept, and blocks with a
    /// layer that the method taps.
    case stages
}
