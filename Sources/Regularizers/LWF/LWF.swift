public import Layers
internal import ProcessGroups
package import Tensors

/// Learning without forgetting: the source head is held to the predictions of the pretrained network,
///
///     L = (1/B) Σ CE + a · (1/B) Σ KL(softmax(y⁰ / T) ‖ softmax(y_s / T))
///
/// with y_s the source head's logits on the present features and y⁰ the teacher logits, the pretrained
/// network's for the same sample. They are recorded once, in inference mode, from the fixed evaluation view of
/// each sample, and kept in the folder of the run, `teacher-logits.safetensors`.
///
/// Memory of each rank beyond plain fine-tuning: the teacher logits, `4 · n · S` bytes (twice that while they are
/// recorded), and the source head, `4 · S · (F + 1)`, three times that where it trains with momentum.
/// Li and Hoiem, Learning without forgetting, ECCV 2016.
public final class LWF: Regularizer {
    private let head: Linear
    private let tradeOff: Double
    private let temperature: Double
    private let trainsHead: Bool
    /// Epochs at the start in which only the new head trains.
    public let headOnlyEpochs: Int
    /// y⁰ of every training sample, `[n, S]`, equal on every rank.
    package private(set) var teacherLogits = Tensor([0, 0], [])

    /// - Parameters:
    ///   - head: The pretrained network's classifier.
    ///   - tradeOff: a.
    ///   - temperature: T.
    ///   - trainsHead: Whether the source head trains along, as in the paper; TLlib keeps it fixed.
    ///   - headOnlyEpochs: Epochs of warm-up.
    public init(
        head: Linear, tradeOff: Double, temperature: Double, trainsHead: Bool, headOnlyEpochs: Int
    ) {
        (self.head, self.tradeOff, self.temperature) = (head, tradeOff, temperature)
        (self.trainsHead, self.headOnlyEpochs) = (trainsHead, headOnlyEpochs)
        for parameter in head.parameters { parameter.variable.requiresGradient = trainsHead }
    }

    /// The source head, where it trains.
    public var ownParameters: [Parameter] { trainsHead ? head.parameters : [] }

    /// Reads the teacher logits where the folder of the run has them, or records them: each rank those of its shard,
    /// then an all-gather.
    ///
    /// - Throws: `CollectiveFailure` where samples cannot be read or a logit is non-finite; what the group throws.
    public func prepare(_ preparation: Preparation) throws {
        let group = preparation.group
        let kept = KeptTensor(
            name: "teacher-logits", shape: [preparation.training.count, head.weight.shape[0]],
            key: try PreparationKey(preparation, settings: ["teacher logits 1"]), preparation: preparation)
        teacherLogits = try kept.value {
            let source = SourceModel(backbone: try preparation.backbone.frozen(keeping: []), head: head)
            let (logits, _) = try group.agree { try source.localLogits(preparation.training, group) }
            let all = try group.allGather(logits.elements)
            if let index = all.firstIndex(where: { !$0.isFinite }) {
                // Every rank has the same logits, so every rank is here.
                let error = RelationshipError.nonFiniteLogit(
                    split: "training", sample: index / logits.shape[1])
                throw CollectiveFailure(message: "\(error)", exitCode: error.exitCode)
            }
            return Tensor(kept.shape, all)
        }
    }

    /// `(1/B) Σ KL(softmax(y⁰ / T) ‖ softmax(y_s / T))`.
    public func penalty(_ step: StepInput) throws -> WeightedPenalty? {
        let student = head(step.features, step.context)
        let value = step.context.tape.distillation(
            student, teacher: teacherLogits.gathered(rows: step.positions), temperature: temperature,
            divisor: step.globalBatch)
        return WeightedPenalty(value, weight: tradeOff)
    }
}
