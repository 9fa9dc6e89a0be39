internal import Layers
internal import ProcessGroups
internal import Tensors

/// Where batch normalization takes its statistics from in training.
public enum BatchNormalizationMode: Sendable {
    /// The batch of all ranks: the result does not depend on their number.
    case synchronized
    /// The part of the batch that the rank holds. Running statistics are averaged over the ranks before they
    /// are used or saved.
    case local
    /// The running statistics of the pretrained network, which stay as they are.
    case frozen

    func normalization(_ reducer: GroupReducer, groupSize: Int) -> ForwardContext.Normalization {
        switch self {
        case .synchronized: groupSize > 1 ? .synchronized(reducer) : .local
        case .local: .local
        case .frozen: .running
        }
    }
}
