package import Training

extension EvaluatedSamples {
    /// Samples whose label is probably wrong, the most suspect first: confident learning, for the class that is predicted.
    ///
    /// With `t_k` the mean, over the samples labelled k, of the probability that the model gives them for k, a sample
    /// labelled j is suspect where another class k is predicted with at least `t_k`, so that the model takes it for as
    /// good a k as others are, and j has less than `t_j`; the further below, the more suspect.
    /// Northcutt, Jiang and Chuang, Confident learning: estimating uncertainty in dataset labels, JAIR 2021.
    ///
    /// - Parameter limit: How many, at most.
    package func suspectLabels(limit: Int) -> [Int] {
        var sums: [Int: (probability: Double, count: Double)] = [:]
        for position in 0..<count where isClassified(position) {
            let sum = sums[labels[position]] ?? (0, 0)
            sums[labels[position]] = (sum.probability + labelProbabilities[position], sum.count + 1)
        }
        let usual = sums.mapValues { $0.probability / $0.count }
        func shortfall(_ position: Int) -> Double? {
            guard !isCorrect(position), let ofLabel = usual[labels[position]],
                // Of a class that no sample is labelled with nobody knows what is usual; of no class neither.
                let ofPrediction = usual[predictions[position]],
                probabilities[position] >= ofPrediction, labelProbabilities[position] < ofLabel
            else { return nil }
            return ofLabel - labelProbabilities[position]
        }
        let suspects = (0..<count).compactMap { position in
            shortfall(position).map { (position: position, rank: PictureChoice.rank($0)) }
        }
        let ordered = suspects.sorted { ($1.rank, $0.position) < ($0.rank, $1.position) }
        return ordered.prefix(limit).map(\.position)
    }
}
