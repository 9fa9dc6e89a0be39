public import Layers
public import Tensors

/// DELTA: feature maps of the network are held to those of the pretrained one,
///
///     L = (1/B) Σ CE + a · Σ_j distance_j + b · ½‖v‖²
///
/// where the distance of map j is `½‖FM_j − FM⁰_j‖²`, or with attention
/// `½ Σ_{n,c} C_j · W_jc · ‖FM_jnc − FM⁰_jnc‖² / (H_j · W_j)`, summed over the batch. W_j is the softmax of how
/// much the loss rises when a filter is taken away: see `AttentionComputation`.
///
/// Memory of each rank beyond plain fine-tuning: the pretrained network, `4 · P` bytes for P parameters of the backbone,
/// and its feature maps, `4 · N · Σ_j C_j · H_j · W_j`. While attention is computed, the features of this rank's
/// samples, `4 · n · F / R`.
/// Li, Xiong, Wang, Rao, Liu, Chen and Huan, DELTA: deep learning transfer using feature map with attention,
/// ICLR 2019.
public final class DELTA: Regularizer {
    /// How the channels of a feature map count.
    public enum Features: Sendable {
        /// All alike.
        case plain
        /// By their attention: computed, or read from a file.
        case attention(file: String?, scores: AttentionScores = .exact)
    }

    private let taps: [String]
    private let features: Features
    private let tradeOff: Double
    private let headTradeOff: Double
    private var source: (any FrozenBackbone)?
    /// W_j by tap; none without attention.
    private var attention: [String: [Float]] = [:]

    /// - Parameters:
    ///   - taps: The layers whose feature maps are compared, by their names in published weights; at least one, each
    ///     once. `Backbone.defaultTaps` are those of the paper.
    ///   - features: How their channels count.
    ///   - tradeOff: a.
    ///   - headTradeOff: b.
    public init(taps: [String], features: Features, tradeOff: Double, headTradeOff: Double) {
        precondition(!taps.isEmpty && Set(taps).count == taps.count, "taps \(taps)")
        (self.taps, self.features) = (taps, features)
        (self.tradeOff, self.headTradeOff) = (tradeOff, headTradeOff)
    }

    /// The feature maps.
    public var needs: RegularizerNeeds { RegularizerNeeds(taps: taps) }

    /// Freezes the pretrained network, and computes or reads the attention.
    ///
    /// - Throws: `CollectiveFailure` where the network has no layer of a tap's name, where attention is asked for and
    ///   a tap is no convolution whose filters can be zeroed, or where the file of attention does not fit.
    public func prepare(_ preparation: Preparation) throws {
        source = try preparation.group.agree { try preparation.backbone.frozen(keeping: taps) }
        guard case .attention(let file, let scores) = features else { return }
        attention = try Attention.prepared(taps, file: file, scores: scores, preparation)
    }

    /// `Σ_j distance_j` of this rank's samples.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        guard let source else { preconditionFailure("DELTA used before it was prepared") }
        let references = try source.features(step.images, observing: taps).outputs
        let maps = taps.map { tap in
            guard let map = step.maps[tap] else { preconditionFailure("layer \(tap) was not observed") }
            return map
        }
        let weights = taps.compactMap { attention[$0] }
        let distance = step.context.tape.behavioralDistance(
            maps, from: references, attention: weights.isEmpty ? nil : weights)
        return WeightedPenalty(distance, weight: tradeOff)
    }

    /// `½‖v‖²` on the head.
    public func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty? {
        part == .head ? QuadraticPenalty(strength: headTradeOff) : nil
    }

    /// Each tap and the weights of its channels, in the order of the taps; none without attention. Equal on every rank.
    public var channelAttention: [(tap: String, weights: [Float])] {
        taps.compactMap { tap in attention[tap].map { (tap, $0) } }
    }

    /// The attention.
    public var state: [NamedTensor] {
        taps.compactMap { tap in
            guard let weights = attention[tap] else { return nil }
            return NamedTensor("attention." + tap, Tensor([weights.count], weights))
        }
    }

    /// Restores the attention.
    public func restore(_ state: [NamedTensor]) throws {
        guard case .attention = features else { return }
        for tap in taps {
            let shape = attention[tap].map { Shape([$0.count]) }
            attention[tap] = try state.tensor("attention." + tap, shape: shape).elements
        }
    }
}
