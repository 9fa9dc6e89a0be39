internal import Foundation
internal import Tensors

/// The divergence of a contrastive softmax from its target, for every sample of this rank.
///
/// A sample's logits are those of its own key and of every entry of the queue, divided by T. The target gives
/// `1 / (L + 1)` to its own key and to each of the L entries of its class, and nothing to the others:
///
///     KL(target ‖ p) = −log(L + 1) − (1 / (L + 1)) · Σ_{own, class} log p
///
/// with the target's entropy, as PyTorch's `KLDivLoss` has it. Sums run in 64 bits.
struct ContrastiveRows {
    /// `Σ_n KL / divisor`.
    let value: Double
    /// Derivative of `value` by the product of each sample with its own key, before the division by T.
    let ownSlopes: [Double]
    /// Derivative of `value` by the products with the queue, before the division by T: `[N, K · L]`.
    let slopes: Tensor

    /// - Parameters:
    ///   - own: Product of each sample with its own key.
    ///   - products: `[N, K · L]`, with the entries of the queue, class by class; overwritten by the slopes.
    ///   - labels: N classes.
    ///   - length: L.
    ///   - temperature: T.
    ///   - divisor: Size of the global batch.
    init(
        own: [Double], products: Tensor, labels: [Int], length: Int, temperature: Double, divisor: Int
    ) {
        let entries = products.shape[1]
        let target = 1 / Double(length + 1)
        let scale = 1 / (temperature * Double(divisor))
        var total = 0.0
        var slopesOfOwn = own
        products.withMutableElements { values in
            var exponentials = [Double](repeating: 0, count: entries)
            for (row, label) in labels.enumerated() {
                let first = row * entries
                let largest = (first..<first + entries).reduce(own[row]) { max($0, Double(values[$1])) }
                let ownExponential = exp((own[row] - largest) / temperature)
                var sum = ownExponential
                for entry in 0..<entries {
                    exponentials[entry] = exp((Double(values[first + entry]) - largest) / temperature)
                    sum += exponentials[entry]
                }
                let ofClass = label * length..<(label + 1) * length
                let positive = ofClass.reduce(own[row] - largest) {
                    $0 + Double(values[first + $1]) - largest
                }
                total += log(sum) - target * positive / temperature - log(Double(length + 1))
                slopesOfOwn[row] = (ownExponential / sum - target) * scale
                for entry in 0..<entries {
                    let expected = ofClass.contains(entry) ? target : 0
                    values[first + entry] = Float((exponentials[entry] / sum - expected) * scale)
                }
            }
        }
        value = total / Double(divisor)
        ownSlopes = slopesOfOwn
        slopes = products
    }

    /// Product of each row of one matrix with the same row of another.
    static func products(_ left: Tensor, _ right: Tensor) -> [Double] {
        let columns = left.shape[1]
        return left.withElements { left in
            right.withElements { right in
                (0..<left.count / max(columns, 1)).map { row in
                    (row * columns..<(row + 1) * columns).reduce(0.0) {
                        $0 + Double(left[$1]) * Double(right[$1])
                    }
                }
            }
        }
    }

    /// Each row times its slope by the product with the own key: `[N, F]`.
    func ownGradient(_ keys: Tensor) -> Tensor {
        let columns = keys.shape[1]
        return Tensor(keys.shape) { buffer in
            keys.withElements { keys in
                for index in keys.indices {
                    buffer[index] = Float(ownSlopes[index / columns] * Double(keys[index]))
                }
            }
        }
    }
}
