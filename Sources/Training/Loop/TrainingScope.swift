public import Regularizers

/// Which parameters a step trains.
public enum TrainingScope: Sendable, Equatable {
    /// Those of the new head, while everything else is in inference mode: a warm-up of the head.
    case head
    /// All.
    case all

    /// Whether parameters of a part of the network are trained.
    public func contains(_ part: NetworkPart) -> Bool { self == .all || part == .head }
}
