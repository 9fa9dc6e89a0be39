internal import Hosts
internal import ProcessGroups
internal import Tensors

/// Fits probes of several C, and finds the best of them by samples that were not fitted.
struct ProbeSearch {
    private let features: DoubleMatrix
    private let labels: [Int]
    private let validation: Part?
    private let classCount: Int
    private let strengths: [Double]

    /// Features and labels of some samples.
    private struct Part {
        let features: DoubleMatrix
        let labels: [Int]
    }

    /// What is fitted, and the samples by which the fits are compared.
    private struct Trial {
        let training: Part
        let heldOut: Part
    }

    /// ‖∇f‖ of a fit that is only compared, as a part of the first one.
    private static let roughTolerance = 1e-6

    /// - Parameters:
    ///   - training: The training samples of all ranks.
    ///   - validation: The validation samples of all ranks, if there are any.
    ///   - classCount: K.
    ///   - strengths: The values of C to try.
    init(
        training: LabelledFeatures, validation: LabelledFeatures?, classCount: Int, strengths: [Double]
    ) {
        (features, labels) = (DoubleMatrix(training.features), training.labels)
        self.validation = validation.flatMap {
            $0.labels.isEmpty ? nil : Part(features: DoubleMatrix($0.features), labels: $0.labels)
        }
        (self.classCount, self.strengths) = (classCount, strengths)
    }

    /// The probe of one C on the whole training split, for features as they are.
    func fit(strength: Double, noteProgress: () -> Void) throws -> (weight: [Double], bias: [Double]) {
        let standardization = Standardization(of: features)
        let regression = MultinomialRegression(
            samples: standardization(features), labels: labels, classCount: classCount, strength: strength,
            hasIntercept: true)
        return standardization.folded(into: try regression.optimum(noteProgress: noteProgress).coefficients)
    }

    /// The best C, and how it was found.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func chosenStrength(_ group: any ProcessGroup) throws -> (Double, LinearProbe.Selection) {
        guard strengths.count > 1 else { return (strengths[0], .none) }
        if let validation {
            let scores = try scores(trialCount: 1, group) { _ in
                Trial(training: Part(features: features, labels: labels), heldOut: validation)
            }
            let best = scores.best
            return (
                strengths[best],
                .validation(correct: scores.correct[best], count: validation.labels.count)
            )
        }
        let folds = StratifiedFolds(labels: labels, classCount: classCount, atMost: LinearProbe.foldCount)
        guard folds.count > 1 else {
            let middle =
                strengths.contains(LinearProbe.defaultStrength) ? LinearProbe.defaultStrength : strengths[0]
            return (middle, .none)
        }
        let scores = try scores(trialCount: folds.count, group) { fold in
            let (training, heldOut) = folds.split(fold)
            return Trial(training: part(training), heldOut: part(heldOut))
        }
        let best = scores.best
        return (
            strengths[best],
            .crossValidation(
                folds: folds.count, correct: scores.correct[best], count: folds.folds.count { $0 != nil },
                loneClasses: folds.loneClasses)
        )
    }

    private func part(_ rows: [Int]) -> Part {
        var elements: [Double] = []
        elements.reserveCapacity(rows.count * features.columnCount)
        for row in rows { elements += features.elements[features.range(ofRow: row)] }
        return Part(
            features: DoubleMatrix(
                rowCount: rows.count, columnCount: features.columnCount, elements: elements),
            labels: rows.map { labels[$0] })
    }

    /// How each C does on the held-out samples of all trials.
    private struct Scores {
        var correct: [Int]
        var losses: [Double]

        /// The least loss, then the first. Counts of right samples tie or differ by one on a few dozen, and then pick
        /// an end of the grid.
        var best: Int {
            losses.indices.dropFirst().reduce(0) { losses[$1] < losses[$0] ? $1 : $0 }
        }
    }

    /// Fits every C in every trial, one a rank in turn.
    private func scores(
        trialCount: Int, _ group: any ProcessGroup, _ makeTrial: (Int) -> Trial
    ) throws -> Scores {
        let strengthCount = strengths.count
        // Fits of other ranks stay zero, so that the sum over ranks is exact.
        var correct = [Int64](repeating: 0, count: trialCount * strengthCount)
        var losses = [Double](repeating: 0, count: trialCount * strengthCount)
        let own = (trialCount * strengthCount + group.size - 1 - group.rank) / group.size
        let meter = WorkMeter("linear probe: fitting regressions", of: own, "fits")
        try group.agree {
            for index in 0..<trialCount {
                let numbers = (index * strengthCount..<(index + 1) * strengthCount).filter {
                    $0 % group.size == group.rank
                }
                guard let first = numbers.first else { continue }
                let trial = makeTrial(index)
                let standardization = Standardization(of: trial.training.features)
                let heldOut = standardization(trial.heldOut.features)
                let regression = MultinomialRegression(
                    samples: standardization(trial.training.features), labels: trial.training.labels,
                    classCount: classCount, strength: strengths[first % strengthCount],
                    hasIntercept: true)
                for number in numbers {
                    let fit = try regression.with(strength: strengths[number % strengthCount])
                        .optimum(tolerance: Self.roughTolerance, noteProgress: group.noteProgress)
                    (correct[number], losses[number]) = Self.score(
                        fit.coefficients, heldOut, trial.heldOut.labels)
                    meter.advance()
                }
            }
        }
        try group.allReduce(&correct)
        try group.allReduce(&losses)
        func total<Value: AdditiveArithmetic>(_ values: [Value], _ strength: Int) -> Value {
            (0..<trialCount).reduce(Value.zero) { $0 + values[$1 * strengthCount + strength] }
        }
        return Scores(
            correct: (0..<strengthCount).map { Int(total(correct, $0)) },
            losses: (0..<strengthCount).map { total(losses, $0) })
    }

    /// How many samples have their largest logit at their label, and the sum of their cross-entropies.
    private static func score(
        _ coefficients: DoubleMatrix, _ samples: DoubleMatrix, _ labels: [Int]
    ) -> (Int64, Double) {
        let logits = MultinomialRegression.logits(coefficients, samples)
        var (correct, loss): (Int64, Double) = (0, 0)
        for (row, label) in labels.enumerated() {
            let range = logits.range(ofRow: row)
            let largest = range.reduce(range.lowerBound) {
                logits.elements[$1] > logits.elements[$0] ? $1 : $0
            }
            if largest == range.lowerBound + label { correct += 1 }
            loss += logarithmOfSum(logits.elements, range) - logits.elements[range.lowerBound + label]
        }
        return (correct, loss)
    }
}
