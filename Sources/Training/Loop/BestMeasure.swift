/// By which number of an evaluation on the validation split the best model of a run is chosen.
public enum BestMeasure: String, Sendable, CaseIterable, Codable {
    /// The share of samples that are classified right; more is better.
    case accuracy
    /// The mean over classes of that share, in which a rare class counts as much as a common one; more is better.
    case meanClassAccuracy = "mean-class-accuracy"
    /// The mean cross-entropy; less is better.
    case loss

    /// The number.
    public func value(of evaluation: Evaluation) -> Double {
        switch self {
        case .accuracy: evaluation.accuracy
        case .meanClassAccuracy: evaluation.meanClassAccuracy
        case .loss: evaluation.loss
        }
    }

    /// Whether an evaluation is better than an earlier one: of equal ones the earlier stays. NaN is worse than any
    /// number.
    public func prefers(_ evaluation: Evaluation, to earlier: Evaluation) -> Bool {
        let (new, old) = (value(of: evaluation), value(of: earlier))
        guard !new.isNaN, !old.isNaN else { return !new.isNaN && old.isNaN }
        return self == .loss ? new < old : new > old
    }
}
