/// Which samples are held out together in a cross-validation: a part of each class in every fold.
///
/// There are as many folds as asked for, and fewer where the smallest class of more than one sample is smaller. The
/// samples of a class go round the folds in their order, each class beginning where the one before ended. The only
/// sample of a class is never held out: without it the class could not be learned.
package struct StratifiedFolds: Sendable, Equatable {
    /// Number of folds; 0 where no class has two samples.
    package let count: Int
    /// The fold in which each sample is held out; nil for one that never is.
    package let folds: [Int?]
    /// The classes with a single sample, ascending.
    package let loneClasses: [Int]

    /// The folds of labels in `0 ..< classCount`.
    package init(labels: [Int], classCount: Int, atMost limit: Int) {
        var positions = [[Int]](repeating: [], count: classCount)
        for (position, label) in labels.enumerated() { positions[label].append(position) }
        loneClasses = positions.indices.filter { positions[$0].count == 1 }
        let count = min(limit, positions.map(\.count).filter { $0 > 1 }.min() ?? 0)
        var folds = [Int?](repeating: nil, count: labels.count)
        var next = 0
        for ofClass in positions where ofClass.count > 1 {
            for position in ofClass {
                folds[position] = next % count
                next += 1
            }
        }
        (self.count, self.folds) = (count, folds)
    }

    /// Positions of the samples that are held out in a fold, and of all others.
    package func split(_ fold: Int) -> (training: [Int], heldOut: [Int]) {
        (folds.indices.filter { folds[$0] != fold }, folds.indices.filter { folds[$0] == fold })
    }
}
