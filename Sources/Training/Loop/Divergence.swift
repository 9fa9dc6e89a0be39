internal import Hosts
internal import ImageData
internal import Layers
internal import ProcessGroups
internal import Tensors

/// A run whose numbers are not finite any more: it ends on every rank, and nothing of it is saved as a model.
enum Divergence {
    /// The end of a run.
    ///
    /// - Parameters:
    ///   - quantity: What is non-finite, and where: `the loss at step 3`.
    ///   - value: The number, the same on every rank.
    ///   - isFirst: Whether nothing has been trained yet.
    static func failure(_ quantity: String, _ value: Double, isFirst: Bool = false) -> CollectiveFailure {
        let words = value.isNaN ? "not a number" : "infinite"
        let advice =
            isFirst
            ? "before any weight has moved: look at the weights, the images, data.mean and data.std, and the weights of the method's terms"
            : "training has diverged; lower optimizer.learning-rate, add schedule.warm-up-steps or set training.clip-gradient-norm"
        return CollectiveFailure(
            message: "\(quantity) is \(words): \(advice)", exitCode: ExitCode.internalError)
    }

    /// Throws where a part of the objective of a step is non-finite.
    ///
    /// - Parameters:
    ///   - result: Of the global batch, so that every rank throws or none.
    ///   - step: Steps done with this one.
    static func check(_ result: TrainingStep.Result, step: Int, isFirst: Bool) throws(CollectiveFailure) {
        guard !result.loss.isFinite else { return }
        let parts = [
            ("the classification loss", result.classificationLoss),
            ("the method's penalty", result.weightedPenalty),
            ("the penalty on the parameters", result.parameterPenalty),
        ]
        let (name, value) = parts.first { !$0.1.isFinite } ?? ("the loss", result.loss)
        throw failure("\(name) at step \(step)", value, isFirst: isFirst)
    }

    /// Throws where an evaluation has no finite loss, which is the same on every rank.
    ///
    /// - Parameter subject: What was evaluated: `validation after step 3`.
    static func check(_ evaluation: Evaluation, _ subject: String) throws(CollectiveFailure) {
        guard !evaluation.loss.isFinite else { return }
        throw failure("the loss of \(subject)", evaluation.loss)
    }
}

extension TrainingStep {
    /// Makes sure that no parameter and no buffer, on any rank, holds a number that is not finite.
    ///
    /// The loss of a step is that before its update, and an activation may hide what is wrong behind it.
    ///
    /// - Parameter step: Steps done.
    /// - Throws: `CollectiveFailure` (70), the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func requireFiniteState(after step: Int) throws {
        let tensors = state
        // Number of the tensor and of the element; ranks may differ in running statistics.
        var place: [Int64] = [-1, 0, 0]
        for (number, item) in tensors.enumerated() {
            guard let found = item.tensor.firstNonFinite else { continue }
            place = [Int64(number), Int64(found.index), found.value.isNaN ? 1 : 0]
            break
        }
        let places = try group.allGather(place)
        guard let rank = (0..<group.size).first(where: { places[3 * $0] >= 0 }) else { return }
        throw Divergence.failure(
            "element \(places[3 * rank + 1]) of '\(tensors[Int(places[3 * rank])].name)' after step \(step)",
            places[3 * rank + 2] == 1 ? .nan : .infinity)
    }

    /// Makes sure that the classifier, as it would be saved, gives finite logits for samples, on all ranks.
    ///
    /// Weights may be finite and still so large that nothing behind them is.
    ///
    /// - Parameters:
    ///   - batch: This rank's samples.
    ///   - step: Steps done.
    /// - Throws: `CollectiveFailure` (70), the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func requireFiniteLogits(of batch: Batch, after step: Int) throws {
        let logits = try classifier(Variable(batch.images), .inference).logits.value
        var wrong = [logits.firstNonFinite.map { $0.value.isNaN ? 2 : 1 } ?? Int64(0)]
        wrong = [try group.allGather(wrong).max() ?? 0]
        guard wrong != [0] else { return }
        throw Divergence.failure(
            "the model's output for the last batch, after step \(step),", wrong == [2] ? .nan : .infinity)
    }

    /// All that a saved model and a checkpoint consist of, in the same order on every rank.
    private var state: [(name: String, tensor: Tensor)] {
        store.entries.map { ($0.parameter.name, $0.parameter.variable.value) } + classifier.buffers.tensors
    }
}

extension Tensor {
    /// The first element that is not finite, and its index.
    fileprivate var firstNonFinite: (index: Int, value: Float)? {
        dense().withElements { elements in
            // Without a branch, so that the processor looks at many at a time.
            guard elements.reduce(into: false, { $0 = !$1.isFinite || $0 }) else { return nil }
            return elements.firstIndex { !$0.isFinite }.map { ($0, elements[$0]) }
        }
    }
}
