internal import Hosts
public import ProcessGroups
public import Tensors

extension Relationship {
    /// The strengths C that the reverse method tries, in the order in which ties are decided.
    public static let strengths: [Double] = [
        1e4, 3e3, 1e3, 3e2, 1e2, 3e1, 1e1, 3, 1, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4,
    ]

    /// The reverse method: p(y_t | y_s) is regressed and turned around by Bayes' rule,
    ///
    ///     p(y_s = i | y_t = t) ∝ softmax_t(a · W_·i) · mean_n p_s(i)
    ///
    /// with p_s = softmax(s · logits); W `[K, S]` the multinomial logistic regression without intercept from
    /// p_s to labels on the training split, of the C with the best accuracy on the validation split, the
    /// first on ties; a the scale of its logits with the least loss on the validation split. The mean of p_s
    /// is over training **and** validation samples: the published fixture fits that to 1e-6, and the mean
    /// over either split alone no better than 3e-2.
    ///
    /// All logits are all-gathered in rank order: 4·S bytes a sample sent, 8·S in memory.
    /// Rank i mod R fits the i-th C; the ranks tell each other how many validation samples they got right;
    /// the best coefficients go to all, and rank 0 calibrates, assembles, checks and broadcasts. The result
    /// depends on the order of the samples, up to rounding, but not on R.
    ///
    /// - Parameters:
    ///   - trainLogits: `[n, S]`, the source head's outputs for this rank's training samples; n may be 0.
    ///   - trainLabels: `[n]`, their target classes. One outside `0 ..< K` traps.
    ///   - validationLogits: `[m, S]`, for this rank's validation samples; m may be 0, but not on all ranks.
    ///   - validationLabels: `[m]`, theirs; classes may be missing.
    ///   - classNames: Names of the K target classes, the same on every rank.
    ///   - sourceLogitScale: s, the inverse temperature of the source model; the same on every rank.
    ///   - group: The ranks.
    /// - Returns: The relationship, the same bits on every rank.
    /// - Throws: `CollectiveFailure` with the text and exit code of a `RelationshipError`, `emptyClasses`,
    ///   `emptyValidation` or `nonFiniteLogit`, or of a `RegressionError`; `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    ///
    /// You, Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020; the reverse approach of its
    /// section 3.1 and its authors' published code.
    public static func reverse(
        trainLogits: Tensor, trainLabels: [Int], validationLogits: Tensor, validationLabels: [Int],
        classNames: [String], sourceLogitScale: Double = 1, group: any ProcessGroup = SoloGroup()
    ) throws -> Relationship {
        let classCount = classNames.count
        SourceProbabilities.check(logits: trainLogits, labels: trainLabels, classCount: classCount)
        SourceProbabilities.check(logits: validationLogits, labels: validationLabels, classCount: classCount)
        let sourceClassCount = trainLogits.shape[1]
        precondition(
            validationLogits.shape[1] == sourceClassCount,
            "training logits of \(trainLogits.shape), validation logits of \(validationLogits.shape)")
        precondition(
            sourceLogitScale.isFinite && sourceLogitScale > 0, "a source-logit-scale of \(sourceLogitScale)")

        let training = try SourceProbabilities.gathered(
            split: "training", logits: trainLogits, labels: trainLabels, scale: sourceLogitScale,
            group: group)
        let validation = try SourceProbabilities.gathered(
            split: "validation", logits: validationLogits, labels: validationLabels,
            scale: sourceLogitScale, group: group)
        try requireSamples(training, validation, classNames: classNames, group: group)

        let best = try bestRegression(training, validation, classCount: classCount, group: group)
        return try agreed(classNames: classNames, method: .reverse, sourceClassCount, group: group) {
            let logits = validation.probabilities.times(transposed: best.coefficients)
            let scale = ScaleCalibration.scale(logits: logits, labels: validation.labels)
            let probabilities = turnedAround(
                best.coefficients, scale: scale, sourceMeans: mean(of: [training, validation]))
            return (
                probabilities,
                Regression(
                    strength: best.strength,
                    validationAccuracy: Double(best.correctCount) / Double(validation.labels.count),
                    scale: scale)
            )
        }
    }

    /// Throws, on every rank and before minutes are spent on regressions, where samples are missing.
    private static func requireSamples(
        _ training: SourceProbabilities, _ validation: SourceProbabilities, classNames: [String],
        group: any ProcessGroup
    ) throws {
        try group.coordinate { () throws -> Void in
            var counts = [Double](repeating: 0, count: classNames.count)
            for label in training.labels { counts[label] += 1 }
            try requireSamples(counts: counts, classNames: classNames)
            if validation.labels.isEmpty { throw RelationshipError.emptyValidation }
        }
    }

    /// A fitted regression and how it does on the validation split.
    private struct Fit {
        let strength: Double
        let correctCount: Int
        let coefficients: DoubleMatrix
    }

    /// Fits all strengths, one a rank in turn, and gives the best to every rank.
    private static func bestRegression(
        _ training: SourceProbabilities, _ validation: SourceProbabilities, classCount: Int,
        group: any ProcessGroup
    ) throws -> Fit {
        // Correct predictions of each strength; those of other ranks' strengths stay zero.
        var correctCounts = [Int64](repeating: 0, count: strengths.count)
        let meter = WorkMeter(
            "relationship: fitting regressions",
            of: (strengths.count + group.size - 1 - group.rank) / group.size, "fits")
        let own = try group.agree { () throws -> Fit? in
            var best: Fit?
            for index in stride(from: group.rank, to: strengths.count, by: group.size) {
                let regression = MultinomialRegression(
                    samples: training.probabilities, labels: training.labels, classCount: classCount,
                    strength: strengths[index])
                let coefficients = try regression.optimum(noteProgress: group.noteProgress).coefficients
                let count = correctCount(validation, coefficients)
                correctCounts[index] = Int64(count)
                meter.advance()
                if count > best?.correctCount ?? -1 {
                    best = Fit(
                        strength: strengths[index], correctCount: count, coefficients: coefficients)
                }
            }
            return best
        }
        try group.allReduce(&correctCounts)
        let most = correctCounts.max() ?? 0
        let chosen = correctCounts.firstIndex(of: most) ?? 0
        // The first best of all is the first best of its rank, too.
        var elements = own?.coefficients.elements ?? []
        try group.broadcast(&elements, from: chosen % group.size)
        return Fit(
            strength: strengths[chosen], correctCount: Int(most),
            coefficients: DoubleMatrix(
                rowCount: classCount, columnCount: training.probabilities.columnCount, elements: elements))
    }

    /// How many samples have their largest logit, the first of equal ones, at their label.
    private static func correctCount(_ samples: SourceProbabilities, _ coefficients: DoubleMatrix) -> Int {
        let logits = samples.probabilities.times(transposed: coefficients)
        return samples.labels.indices.count { row in
            let range = logits.range(ofRow: row)
            let largest = range.reduce(range.lowerBound) {
                logits.elements[$1] > logits.elements[$0] ? $1 : $0
            }
            return largest - range.lowerBound == samples.labels[row]
        }
    }

    /// The mean of p_s over the samples of several splits, `[S]`.
    private static func mean(of splits: [SourceProbabilities]) -> [Double] {
        var sums = [Double](repeating: 0, count: splits[0].probabilities.columnCount)
        for split in splits {
            for row in split.labels.indices {
                for (column, index) in split.probabilities.range(ofRow: row).enumerated() {
                    sums[column] += split.probabilities.elements[index]
                }
            }
        }
        let count = splits.reduce(0) { $0 + $1.labels.count }
        return sums.map { $0 / Double(count) }
    }

    /// `[K, S]` with rows proportional to softmax_t(a · W_ti) · mean_i; in logarithms, so that no row
    /// vanishes where the regression is sure.
    private static func turnedAround(
        _ coefficients: DoubleMatrix, scale: Double, sourceMeans: [Double]
    ) -> [Double] {
        var joint = coefficients
        for column in 0..<joint.columnCount {
            let logits = (0..<joint.rowCount).map {
                scale * coefficients.elements[$0 * joint.columnCount + column]
            }
            let shift = logarithm(sourceMeans[column]) - logarithmOfSum(logits, logits.indices)
            for row in 0..<joint.rowCount {
                joint.elements[row * joint.columnCount + column] = logits[row] + shift
            }
        }
        for row in 0..<joint.rowCount {
            let range = joint.range(ofRow: row)
            let total = logarithmOfSum(joint.elements, range)
            for index in range { joint.elements[index] = exponential(joint.elements[index] - total) }
        }
        return joint.elements
    }
}
