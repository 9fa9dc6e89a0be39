public import ProcessGroups
public import Tensors

extension Relationship {
    /// The direct method: the mean of the source head's predictions over the samples of each target class,
    ///
    ///     p(y_s = i | y_t = t) = mean of softmax(logits)_i over the samples with label t.
    ///
    /// Sums and counts are taken in 64 bits over this rank's samples and added over ranks, so the result does
    /// not depend on how samples are shared, up to rounding. One sum of K·(S + 1) numbers.
    ///
    /// - Parameters:
    ///   - logits: `[n, S]`, the source head's outputs for this rank's samples; n may be 0 and may differ.
    ///   - labels: `[n]`, their target classes. One outside `0 ..< K` traps.
    ///   - classNames: Names of the K target classes, the same on every rank.
    ///   - group: The ranks.
    /// - Returns: The relationship, the same bits on every rank.
    /// - Throws: `CollectiveFailure` with the text and exit code of `RelationshipError.emptyClasses`,
    ///   `.nonFiniteLogit` or `.notADistribution`; `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    ///
    /// You, Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020; the direct approach of its
    /// section 3.1, as in TLlib.
    public static func direct(
        logits: Tensor, labels: [Int], classNames: [String], group: any ProcessGroup
    ) throws -> Relationship {
        let classCount = classNames.count
        SourceProbabilities.check(logits: logits, labels: labels, classCount: classCount)
        let sourceClassCount = logits.shape[1]
        let elements = logits.elements
        try group.agree {
            if let index = elements.firstIndex(where: { !$0.isFinite }) {
                throw RelationshipError.nonFiniteLogit(split: "training", sample: index / sourceClassCount)
            }
        }
        let source = SourceProbabilities(
            logits: elements, labels: labels, sourceClassCount: sourceClassCount, scale: 1)

        // Sums [K, S], then counts [K].
        var totals = [Double](repeating: 0, count: classCount * (sourceClassCount + 1))
        for (row, label) in labels.enumerated() {
            totals[classCount * sourceClassCount + label] += 1
            for column in 0..<sourceClassCount {
                totals[label * sourceClassCount + column] +=
                    source.probabilities.elements[row * sourceClassCount + column]
            }
        }
        try group.allReduce(&totals)

        return try agreed(classNames: classNames, method: .direct, sourceClassCount, group: group) {
            let counts = totals[(classCount * sourceClassCount)...]
            try requireSamples(counts: Array(counts), classNames: classNames)
            let means = (0..<classCount * sourceClassCount).map {
                totals[$0] / totals[classCount * sourceClassCount + $0 / sourceClassCount]
            }
            return (means, nil)
        }
    }

    /// Throws unless every class has a sample.
    static func requireSamples(counts: [Double], classNames: [String]) throws(RelationshipError) {
        let empty = classNames.indices.filter { counts[$0] == 0 }
        guard empty.isEmpty else { throw .emptyClasses(empty.map { classNames[$0] }) }
    }

    /// Lets rank 0 assemble and check the probabilities, and gives them to every rank.
    ///
    /// - Parameter assemble: Runs on rank 0 only; gives `[K, S]` in row-major order, and for the reverse
    ///   method what was chosen.
    static func agreed(
        classNames: [String], method: Method, _ sourceClassCount: Int, group: any ProcessGroup,
        assemble: () throws -> ([Double], Regression?)
    ) throws -> Relationship {
        let shape: Shape = [classNames.count, sourceClassCount]
        var values: [Float] = []
        var chosen: [Double] = []
        try group.coordinate { () throws -> Void in
            let (probabilities, regression) = try assemble()
            values = probabilities.map { Float($0) }
            chosen = regression.map { [$0.strength, $0.validationAccuracy, $0.scale] } ?? []
            _ = try Relationship(
                probabilities: Tensor(shape, values), method: method, classNames: classNames)
        }
        try group.broadcast(&values, from: 0)
        try group.broadcast(&chosen, from: 0)
        return try Relationship(
            probabilities: Tensor(shape, values), method: method, classNames: classNames,
            regression: chosen.isEmpty
                ? nil : Regression(strength: chosen[0], validationAccuracy: chosen[1], scale: chosen[2]))
    }
}
