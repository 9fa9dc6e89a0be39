internal import ProcessGroups
internal import Tensors

/// What the source head says of samples: p_s = softmax(scale · logits), and the samples' labels.
struct SourceProbabilities {
    /// `[n, S]`, 64-bit; rows sum to 1.
    let probabilities: DoubleMatrix
    /// Target labels, `[n]`.
    let labels: [Int]

    /// Takes the softmax of this rank's samples, or of gathered ones.
    ///
    /// - Parameters:
    ///   - logits: `[n, S]`, row-major.
    ///   - labels: `[n]`.
    ///   - scale: Inverse temperature of the source model.
    init(logits: [Float], labels: [Int], sourceClassCount: Int, scale: Double) {
        var elements = [Double](repeating: 0, count: logits.count)
        for row in labels.indices {
            let range = row * sourceClassCount..<(row + 1) * sourceClassCount
            let largest = logits[range].reduce(-Double.infinity) { max($0, scale * Double($1)) }
            var sum = 0.0
            for index in range {
                let weight = exponential(scale * Double(logits[index]) - largest)
                elements[index] = weight
                sum += weight
            }
            for index in range { elements[index] /= sum }
        }
        probabilities = DoubleMatrix(
            rowCount: labels.count, columnCount: sourceClassCount, elements: elements)
        self.labels = labels
    }

    /// The samples of all ranks, one rank's after the other's: the same on every rank.
    ///
    /// What travels are the logits: half as many bytes, and the softmax is cheap.
    ///
    /// - Parameters:
    ///   - split: Name of the split, for errors.
    ///   - logits: `[n, S]`, this rank's samples; may be none.
    ///   - labels: `[n]`, theirs.
    /// - Throws: `RelationshipError.nonFiniteLogit` as a `CollectiveFailure`, on every rank.
    static func gathered(
        split: String, logits: Tensor, labels: [Int], scale: Double, group: any ProcessGroup
    ) throws -> SourceProbabilities {
        let sourceClassCount = logits.shape[1]
        let allLogits = try group.allGather(logits.elements)
        let allLabels = try group.allGather(labels.map { Int64($0) }).map { Int($0) }
        precondition(
            allLogits.count == allLabels.count * sourceClassCount,
            "ranks have logits of different numbers of source classes")
        try group.coordinate { () throws -> Void in
            if let index = allLogits.firstIndex(where: { !$0.isFinite }) {
                throw RelationshipError.nonFiniteLogit(split: split, sample: index / sourceClassCount)
            }
        }
        return SourceProbabilities(
            logits: allLogits, labels: allLabels, sourceClassCount: sourceClassCount, scale: scale)
    }

    /// Traps unless there is one label a row, each of them a target class.
    static func check(logits: Tensor, labels: [Int], classCount: Int) {
        precondition(
            logits.shape.rank == 2 && logits.shape[1] > 0 && logits.shape[0] == labels.count,
            "\(labels.count) labels for logits of \(logits.shape); expected [n, S]")
        for label in labels {
            precondition(0..<classCount ~= label, "label \(label) in a task of \(classCount) classes")
        }
    }
}
