public import Layers
public import Tensors

/// DELTA: feature maps of the network are held to those of the pretrained one,
///
///     L = (1/B) Σ CE + a · Σ_j distance_j + b · ½‖v‖²
///
/// where the distance of map j is `½‖FM_j − FM⁰_j‖²`, or with attention
/// `½ Σ_{n,c} C_j · W_jc · ‖FM_jnc − FM⁰_jnc‖² / (H_j · W_j)`, summed over the batch. W_j is the softmax of how
/// much the loss rises when a filter is taken away: see `AttentionComputation`.
/// Li, Xiong, Wang, Rao, Liu, Chen and Huan, DELTA: deep learning transfer using feature map with attention,
/// ICLR 2019.
public final class DELTA: Regularizer {
    /// How the channels of a feature map count.
    public enum Features: Sendable {
        /// All alike.
        case plain
        /// By their attention: computed, or read from a file.
        case attention(file: String?)
    }

    private let taps: [FeatureTap]
    private let features: Features
    private let tradeOff: Double
    private let headTradeOff: Double
    private var source: (any FrozenBackbone)?
    /// W_j; none without attention.
    private var attention: [FeatureTap: [Float]] = [:]
    private let tapNames: [FeatureTap: String]

    /// - Parameters:
    ///   - backbone: The network, for the names of its feature maps.
    ///   - taps: The feature maps that are compared.
    ///   - features: How their channels count.
    ///   - tradeOff: a.
    ///   - headTradeOff: b.
    public init(
        backbone: any Backbone, taps: [FeatureTap], features: Features, tradeOff: Double, headTradeOff: Double
    ) {
        (self.taps, self.features) = (taps, features)
        (self.tradeOff, self.headTradeOff) = (tradeOff, headTradeOff)
        tapNames = Dictionary(uniqueKeysWithValues: taps.map { ($0, backbone.tapName($0)) })
    }

    /// The feature maps.
    public var needs: RegularizerNeeds { RegularizerNeeds(taps: Set(taps)) }

    /// Freezes the pretrained network, and computes or reads the attention.
    public func prepare(_ preparation: Preparation) throws {
        source = preparation.backbone.frozen(keeping: Set(taps))
        guard case .attention(let file) = features else { return }
        attention = try Attention.prepared(taps, file: file, preparation)
    }

    /// `Σ_j distance_j` of this rank's samples.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        guard let source else { preconditionFailure("DELTA used before it was prepared") }
        let references = source.features(step.images, observing: Set(taps)).maps
        let tape = step.context.tape
        let distances = taps.compactMap { tap in
            step.maps[tap].flatMap { map in
                references[tap].map {
                    tape.featureMapDistance(map, reference: $0, channelWeights: attention[tap])
                }
            }
        }
        precondition(distances.count == taps.count, "a feature map was not observed")
        let sum = distances.dropFirst().reduce(distances[0]) { tape.add($0, $1) }
        return WeightedPenalty(sum, weight: tradeOff)
    }

    /// `½‖v‖²` on the head.
    public func parameterPenalty(on parameter: Parameter, of part: NetworkPart) -> QuadraticPenalty? {
        part == .head ? QuadraticPenalty(strength: headTradeOff) : nil
    }

    /// The attention.
    public var state: [NamedTensor] {
        taps.compactMap { tap in
            guard let weights = attention[tap], let name = tapNames[tap] else { return nil }
            return NamedTensor("attention." + name, Tensor([weights.count], weights))
        }
    }

    /// Restores the attention.
    public func restore(_ state: [NamedTensor]) throws {
        guard case .attention = features else { return }
        for tap in taps { attention[tap] = try state.tensor("attention." + (tapNames[tap] ?? "")).elements }
    }
}
