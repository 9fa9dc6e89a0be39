import Layers
import Regularizers
import Tensors

/// A method of the client's own, with an operation of its own: features are held to a norm R,
///
///     L = (1/B) Σ CE + a · (1/B) Σ (‖f_n‖ − R)²
///
/// Xu, Li, Yang and Lin, Larger norm more transferable: an adaptive feature norm approach for unsupervised domain
/// adaptation, ICCV 2019.
final class FeatureNormPenalty: Regularizer {
    private let tradeOff: Double
    private let radius: Double

    init(tradeOff: Double, radius: Double) { (self.tradeOff, self.radius) = (tradeOff, radius) }

    func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        WeightedPenalty(
            step.context.tape.featureNormDistance(step.features, radius: radius, divisor: step.globalBatch),
            weight: tradeOff)
    }
}

extension Tape {
    /// This rank's share of `Σ_n (‖f_n‖ − R)² / divisor`, with `[N, F]` features of this rank.
    fileprivate func featureNormDistance(_ features: Variable, radius: Double, divisor: Int) -> Variable {
        let f = features.value.dense()
        let columns = f.shape[1]
        let norms = f.withElements { values in
            (0..<f.shape[0]).map { row in
                (row * columns..<(row + 1) * columns).reduce(0.0) { sum, index in
                    sum + Double(values[index]) * Double(values[index])
                }.squareRoot()
            }
        }
        let value = norms.reduce(0.0) { $0 + ($1 - radius) * ($1 - radius) } / Double(divisor)
        return record(Tensor(scalar: Float(value)), from: [features]) { gradient in
            let factors = norms.map { norm in
                norm == 0 ? 0 : 2 * (norm - radius) / norm / Double(divisor) * Double(gradient.scalar)
            }
            features.accumulate(
                Tensor(f.shape) { buffer in
                    f.withElements { values in
                        for index in values.indices {
                            buffer[index] = Float(factors[index / columns] * Double(values[index]))
                        }
                    }
                })
        }
    }
}
