internal import Tensors

extension Tensor {
    /// How many rows of logits `[N, K]` are largest at their label.
    func correctCount(_ labels: [Int]) -> Int {
        zip(largestColumns, labels).count { $0 == $1 }
    }

    /// Column of the largest element of each row of `[N, K]`; the first of equal ones.
    var largestColumns: [Int] {
        let columns = shape[1]
        return withElements { values in
            (0..<shape[0]).map { row in
                (0..<columns).reduce(0) { values[row * columns + $1] > values[row * columns + $0] ? $1 : $0 }
            }
        }
    }
}
