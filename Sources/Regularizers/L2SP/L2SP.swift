public import Layers
public import Tensors

/// L2-SP: the backbone is pulled to its starting point, the head to zero,
///
///     L = (1/B) Σ CE + a · ½‖w − w⁰‖² + b · ½‖v‖²
///
/// with w the backbone's parameters, w⁰ their pretrained values and v the head's parameters.
///
/// Memory of each rank beyond plain fine-tuning: w⁰, `4 · P` bytes for P parameters of the backbone.
/// Li, Grandvalet and Davoine, Explicit inductive bias for transfer learning with convolutional networks,
/// ICML 2018.
public final class L2SP: Regularizer {
    /// Which of the backbone's parameters are pulled.
    public enum Scope: Sendable {
        /// All, with scale and shift of batch normalization, as TLlib does.
        case all
        /// Kernels of convolutions only, as the paper's authors did.
        case weights
    }

    /// a, the weight of the backbone's term.
    public let tradeOff: Double
    /// b, the weight of the head's term.
    public let headTradeOff: Double
    /// w⁰ by the parameters' names, which nothing changes.
    package let startingPoint: [String: Tensor]

    /// Remembers the starting point: a copy of the backbone's parameters as they are now.
    ///
    /// - Parameters:
    ///   - backbone: Parameters with their pretrained values, equal on all ranks.
    ///   - tradeOff: a.
    ///   - headTradeOff: b.
    ///   - scope: Which of the backbone's parameters are pulled.
    public init(backbone: [Parameter], tradeOff: Double, headTradeOff: Double, scope: Scope) {
        self.tradeOff = tradeOff
        self.headTradeOff = headTradeOff
        let pulled = backbone.filter { scope == .all || $0.role == .weight }
        startingPoint = Dictionary(
            uniqueKeysWithValues: pulled.map { parameter in
                let copy = Tensor(repeating: 0, parameter.shape)
                copy.copy(from: parameter.variable.value)
                return (parameter.name, copy)
            })
    }

    /// `a · ½‖w − w⁰‖²` on the backbone, `b · ½‖v‖²` on the head.
    public func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty? {
        switch part {
        case .backbone:
            startingPoint[parameter.name].map { QuadraticPenalty(strength: tradeOff, anchor: $0) }
        case .head: QuadraticPenalty(strength: headTradeOff)
        case .method: nil
        }
    }
}
