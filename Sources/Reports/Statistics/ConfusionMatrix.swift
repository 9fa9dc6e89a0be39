/// How often which class was taken for which, with what follows from it.
struct ConfusionMatrix {
    /// A class.
    struct Row {
        let label: Int
        /// Samples of it, those that were found, and samples that were taken for it.
        let count: Int
        let right: Int
        let predicted: Int
        /// What it was taken for most often, and how often.
        let rival: (label: Int, count: Int)?

        /// Share of its samples that was found.
        var recall: Double? { count == 0 ? nil : Double(right) / Double(count) }
        /// Share of what was taken for it that is.
        var precision: Double? { predicted == 0 ? nil : Double(right) / Double(predicted) }
        /// Harmonic mean of both.
        var f1: Double? { count + predicted == 0 ? nil : 2 * Double(right) / Double(count + predicted) }
    }

    let classCount: Int
    /// A row a truth, its counts by prediction.
    let counts: [[Int: Int]]
    let rows: [Row]

    /// The matrix of a checked record; nil where it has none.
    init?(_ record: ReportRecord?) {
        guard let cells = record?.confusion, let classes = record?.classes, !cells.isEmpty else { return nil }
        var counts = [[Int: Int]](repeating: [:], count: classes.count)
        var predicted = [Int](repeating: 0, count: classes.count)
        for cell in cells {
            counts[cell.truth][cell.prediction, default: 0] += cell.count
            predicted[cell.prediction] += cell.count
        }
        (self.counts, classCount) = (counts, classes.count)
        rows = counts.enumerated().map { label, row in
            let rival = row.filter { $0.key != label }.max { ($0.value, $1.key) < ($1.value, $0.key) }
            return Row(
                label: label, count: row.values.reduce(0, +), right: row[label] ?? 0,
                predicted: predicted[label], rival: rival.map { ($0.key, $0.value) })
        }
    }

    /// The confusions that happened most often.
    func largest(_ limit: Int) -> [(truth: Int, prediction: Int, count: Int)] {
        let cells = counts.enumerated().flatMap { truth, row in
            row.filter { $0.key != truth }.map { (truth: truth, prediction: $0.key, count: $0.value) }
        }
        return Array(
            cells.sorted { ($1.count, $0.truth, $0.prediction) < ($0.count, $1.truth, $1.prediction) }
                .prefix(limit))
    }

    /// Shares of the rows, neighboring classes together where there are more than `limit`.
    func aggregated(_ limit: Int) -> [[Double]] {
        let size = max(1, (classCount + limit - 1) / limit)
        let blocks = (classCount + size - 1) / size
        var sums = [[Double]](repeating: [Double](repeating: 0, count: blocks), count: blocks)
        for (truth, row) in counts.enumerated() {
            for (prediction, count) in row { sums[truth / size][prediction / size] += Double(count) }
        }
        return sums.map { row in
            let sum = row.reduce(0, +)
            return sum == 0 ? row : row.map { $0 / sum }
        }
    }
}
