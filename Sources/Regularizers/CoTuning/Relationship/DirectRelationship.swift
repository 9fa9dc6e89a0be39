public import ProcessGroups
public import Tensors

extension Relationship {
    /// The direct method: the mean of the source head's predictions over the samples of each target class,
    ///
    ///     p(y_s = i | y_t = t) = mean of softmax(logits)_i over the samples with label t.
    ///
    /// Sums and counts are taken in 64 bits over this rank's samples and added over ranks, so the result does
    /// not depend on how samples are sharded, up to rounding. One all-reduce of K·(S + 1) numbers.
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
        logits: Tensor, labels: [Int], classNames: [String], group: any ProcessGroup = SoloGroup()
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
        var sums = ClassSums(classCount: classCount, sourceClassCount: sourceClassCount)
        sums.add(source.probabilities, labels)
        return try direct(sums, classNames: classNames, group: group)
    }

    /// The direct method on any source of probabilities: the mean of p_s over the samples of each target class.
    ///
    ///     let relationship = try Relationship.direct(classNames: names, sourceClassCount: 1000) { add in
    ///         for batch in batches { try add(probabilities(batch.images), batch.labels) }
    ///     }
    ///
    /// - Parameters:
    ///   - classNames: Names of the K target classes, the same on every rank.
    ///   - sourceClassCount: S, the same on every rank.
    ///   - group: The ranks.
    ///   - forEachBatch: Calls its argument for all samples of this rank, in batches: p_s, `[n, S]` of
    ///     distributions, and their target classes, `[n]`, each in `0 ..< K`. Must do nothing collective.
    /// - Returns: The relationship, the same bits on every rank.
    /// - Throws: `CollectiveFailure` with the text and exit code of `RelationshipError.emptyClasses`,
    ///   `.notADistribution` or of what `forEachBatch` throws; `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func direct(
        classNames: [String], sourceClassCount: Int, group: any ProcessGroup = SoloGroup(),
        forEachBatch: (_ add: (_ probabilities: Tensor, _ labels: [Int]) throws -> Void) throws -> Void
    ) throws -> Relationship {
        var sums = ClassSums(classCount: classNames.count, sourceClassCount: sourceClassCount)
        try group.agree {
            try forEachBatch { probabilities, labels in
                SourceProbabilities.check(
                    logits: probabilities, labels: labels, classCount: classNames.count)
                sums.add(DoubleMatrix(probabilities), labels)
            }
        }
        return try direct(sums, classNames: classNames, group: group)
    }

    /// Sums over this rank's samples: p_s of each target class, `[K, S]`, then counts, `[K]`.
    private struct ClassSums {
        let classCount: Int
        let sourceClassCount: Int
        var totals: [Double]

        init(classCount: Int, sourceClassCount: Int) {
            (self.classCount, self.sourceClassCount) = (classCount, sourceClassCount)
            totals = [Double](repeating: 0, count: classCount * (sourceClassCount + 1))
        }

        mutating func add(_ probabilities: DoubleMatrix, _ labels: [Int]) {
            precondition(
                probabilities.columnCount == sourceClassCount,
                "\(probabilities.columnCount) source classes, not \(sourceClassCount)")
            for (row, label) in labels.enumerated() {
                totals[classCount * sourceClassCount + label] += 1
                for (column, index) in probabilities.range(ofRow: row).enumerated() {
                    totals[label * sourceClassCount + column] += probabilities.elements[index]
                }
            }
        }
    }

    /// Adds the sums of all ranks and divides.
    private static func direct(
        _ sums: ClassSums, classNames: [String], group: any ProcessGroup
    ) throws -> Relationship {
        var totals = sums.totals
        let (classCount, sourceClassCount) = (sums.classCount, sums.sourceClassCount)
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
