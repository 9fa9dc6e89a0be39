public import Layers
public import ProcessGroups
public import Tensors

/// The linear probe: a classifier of the features that the pretrained network gives, which stays as it is.
///
///     min ½‖W‖² + C · Σ_n CE(W z_n + b, y_n),   z = (x − μ) / σ
///
/// over features x `[n, F]` that are recorded once, in inference mode, from the fixed evaluation view; b is not in the
/// penalty, μ and σ are those of the training split. What comes out is folded into an ordinary head of features:
/// `W' = W / σ`, `b' = b − W' μ`.
///
/// It is solved to the optimum in 64 bits, so that the result depends on the order of the samples up to rounding, and
/// not on the number of ranks. Every rank has the features of all samples: about `32 · n · F` bytes. It is the baseline that every fine-tuning has to beat, and a head to begin with:
/// Kumar, Raghunathan, Jones, Ma and Liang, Fine-tuning can distort pretrained features and underperform
/// out-of-distribution, ICLR 2022.
public struct LinearProbe: Sendable {
    /// The values of C that are tried: decades, as scikit-learn's `LogisticRegressionCV` has them.
    public static let strengths: [Double] = [1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4]
    /// Folds of a cross-validation where every class has as many samples.
    public static let foldCount = 5
    /// C where nothing tells which is best.
    public static let defaultStrength = 1.0

    /// How C was chosen: the least cross-entropy of samples that were not fitted, on ties the smallest C.
    public enum Selection: Sendable, Equatable {
        /// By the validation split: how many of its samples the chosen C classifies correctly.
        case validation(correct: Int, count: Int)
        /// By stratified cross-validation on the training split. The only samples of `loneClasses` were never held
        /// out.
        case crossValidation(folds: Int, correct: Int, count: Int, loneClasses: [Int])
        /// Not at all: one value was given, or there is no validation split and no class has two samples.
        case none
    }

    /// W', `[K, F]`.
    public let weight: Tensor
    /// b', `[K]`.
    public let bias: Tensor
    /// C.
    public let strength: Double
    /// How C was chosen.
    public let selection: Selection

    /// Records the features of a run's samples and fits the probe.
    ///
    /// - Parameter preparation: The backbone, which is not changed, and the samples. C is chosen by the validation
    ///   samples if there are any.
    /// - Throws: As `fit`; `CollectiveFailure` where samples cannot be read.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func learn(_ preparation: Preparation) throws -> LinearProbe {
        let group = preparation.group
        let backbone = try preparation.backbone.frozen(keeping: [])
        let (training, validation) = try group.agree {
            let record = { source in
                try LabelledFeatures(of: source, backbone: backbone, notingProgressTo: group)
            }
            return (try record(preparation.training), try preparation.validation.map(record))
        }
        let classNames = preparation.training.classNames
        let probe = try fit(training: training, validation: validation, classNames: classNames, group: group)
        for line in probe.words(classNames: classNames) { preparation.say(line) }
        return probe
    }

    /// Fits the probe to the samples of all ranks.
    ///
    /// All features are all-gathered: 4·F bytes a sample sent, and about 32·F in memory. The fits of the values of C,
    /// in a cross-validation those of each fold, are independent: rank i mod R does the i-th. Rank 0 fits the chosen C
    /// to the whole training split and broadcasts.
    ///
    /// - Parameters:
    ///   - training: This rank's training samples; may be none, but not on all ranks.
    ///   - validation: This rank's validation samples, or nil on every rank; classes may be missing.
    ///   - classNames: Names of the K classes, the same on every rank. A label outside traps.
    ///   - strengths: The values of C to try, ascending and above 0; at least one, the same on every rank.
    ///   - group: The ranks.
    /// - Returns: The probe, the same bits on every rank.
    /// - Throws: `CollectiveFailure` with the text and exit code of a `LinearProbeError` or `RegressionError`, on
    ///   every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func fit(
        training: LabelledFeatures, validation: LabelledFeatures?, classNames: [String],
        strengths: [Double] = strengths, group: any ProcessGroup = SoloGroup()
    ) throws -> LinearProbe {
        precondition(!strengths.isEmpty && strengths.allSatisfy { $0 > 0 }, "strengths \(strengths)")
        let allTraining = try training.gathered(split: "training", over: group)
        let allValidation = try validation?.gathered(split: "validation", over: group)
        try group.coordinate { () throws -> Void in
            let found = Set(allTraining.labels)
            let missing = classNames.indices.filter { !found.contains($0) }
            if !missing.isEmpty { throw LinearProbeError.emptyClasses(missing.map { classNames[$0] }) }
        }
        let search = ProbeSearch(
            training: allTraining, validation: allValidation, classCount: classNames.count,
            strengths: strengths)
        let (strength, selection) = try search.chosenStrength(group)
        var (weight, bias): ([Float], [Float]) = ([], [])
        try group.coordinate { () throws -> Void in
            let fit = try search.fit(strength: strength, noteProgress: group.noteProgress)
            (weight, bias) = (fit.weight.map { Float($0) }, fit.bias.map { Float($0) })
        }
        try group.broadcast(&weight, from: 0)
        try group.broadcast(&bias, from: 0)
        return LinearProbe(
            weight: Tensor([classNames.count, allTraining.features.shape[1]], weight),
            bias: Tensor([classNames.count], bias), strength: strength, selection: selection)
    }

    /// Puts the probe into the head of a classifier of the same features and classes.
    public func assign(to head: Linear) {
        precondition(
            head.weight.shape == weight.shape, "a probe of \(weight.shape), a head of \(head.weight.shape)")
        head.weight.variable.assign(weight)
        head.bias.variable.assign(bias)
    }

    /// What was chosen and how well it did, in lines for the user.
    func words(classNames: [String]) -> [String] {
        let share = { (correct: Int, count: Int) in
            "\(correct) of \(count) right (\((Double(correct) / Double(count) * 1000).rounded() / 10) %)"
        }
        switch selection {
        case .validation(let correct, let count):
            return ["linear probe: C \(strength) by the validation split: \(share(correct, count))"]
        case .crossValidation(let folds, let correct, let count, let lone):
            let names = lone.prefix(8).map { classNames[$0] }.joined(separator: ", ")
            let more = lone.count > 8 ? " and \(lone.count - 8) more" : ""
            return [
                "linear probe: C \(strength) by \(folds)-fold cross-validation on the training split: "
                    + share(correct, count)
            ]
                + (lone.isEmpty
                    ? [] : ["classes with one training sample, which was never held out: \(names)\(more)"])
        case .none:
            return [
                "linear probe: C \(strength) untested: there is no validation split, and no class has two training samples"
            ]
        }
    }
}
