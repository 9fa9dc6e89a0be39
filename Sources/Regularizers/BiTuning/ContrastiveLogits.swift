internal import Tensors

/// The order of contrastive logits: a sample's own key, the L entries of its class, then those of the other
/// classes, class by class. So the target is the same for every sample.
struct ContrastiveOrder {
    let classCount: Int
    let length: Int

    /// `1 + K · L`.
    var width: Int { 1 + classCount * length }

    /// The queue's row behind column `1 + place` of a sample of class `label`.
    func entry(_ place: Int, label: Int) -> Int {
        guard place >= length else { return label * length + place }
        return place - length < label * length ? place - length : place
    }

    /// `1 / (L + 1)` on the own key and the entries of the class, `[count, 1 + K · L]`.
    func targets(count: Int) -> Tensor {
        let row = (0..<width).map { $0 <= length ? 1 / Float(length + 1) : 0 }
        return Tensor([count, width], (0..<count).flatMap { _ in row })
    }

    /// `[own, products in order] / temperature`, `[N, 1 + K · L]`.
    func logits(own: [Double], products: Tensor, labels: [Int], temperature: Double) -> Tensor {
        let products = products.elements
        return Tensor([labels.count, width]) { buffer in
            for (row, label) in labels.enumerated() {
                buffer[row * width] = Float(own[row] / temperature)
                for place in 0..<width - 1 {
                    let product = products[row * (width - 1) + entry(place, label: label)]
                    buffer[row * width + 1 + place] = Float(Double(product) / temperature)
                }
            }
        }
    }

    /// Gradients by the products, in the queue's order and before the division by the temperature, `[N, K · L]`.
    func productGradient(_ gradient: Tensor, labels: [Int], temperature: Double) -> Tensor {
        let slopes = gradient.elements
        return Tensor([labels.count, width - 1]) { buffer in
            for (row, label) in labels.enumerated() {
                for place in 0..<width - 1 {
                    buffer[row * (width - 1) + entry(place, label: label)] =
                        Float(Double(slopes[row * width + 1 + place]) / temperature)
                }
            }
        }
    }

    /// Each row of the keys times its gradient by the own logit, before the division by the temperature.
    func ownGradient(_ gradient: Tensor, _ keys: Tensor, temperature: Double) -> Tensor {
        let slopes = gradient.elements
        let columns = keys.shape[1]
        return Tensor(keys.shape) { buffer in
            keys.withElements { keys in
                for index in keys.indices {
                    let slope = Double(slopes[index / columns * width]) / temperature
                    buffer[index] = Float(slope * Double(keys[index]))
                }
            }
        }
    }
}

extension Tape {
    /// logits_z: products of each projection with its own key and with the queue, divided by T.
    ///
    /// The gradient is of the queue as it is now, which may change before the backward pass.
    ///
    /// - Parameters:
    ///   - query: `[N, P]`, normalized rows.
    ///   - keys: `[N, P]`, normalized rows of the same samples; no gradient flows into them.
    ///   - queue: `[K · L, P]`, class by class.
    /// - Returns: `[N, 1 + K · L]`, in `ContrastiveOrder`.
    func projectionLogits(
        _ query: Variable, keys: Tensor, queue: Tensor, labels: [Int], order: ContrastiveOrder,
        temperature: Double
    ) -> Variable {
        let (q, k, entries) = (query.value.dense(), keys.dense(), queue.duplicate())
        precondition(
            q.shape.rank == 2 && k.shape == q.shape && q.shape[0] == labels.count,
            "\(labels.count) labels and keys of \(k.shape) for queries of \(q.shape)")
        let logits = order.logits(
            own: ContrastiveRows.products(q, k),
            products: q.matrixProduct(entries, transposed: (false, true)), labels: labels,
            temperature: temperature)
        return record(logits, from: [query]) { gradient in
            let dq = order.ownGradient(gradient, k, temperature: temperature)
            dq.addMatrixProduct(
                order.productGradient(gradient, labels: labels, temperature: temperature), entries)
            query.accumulate(dq)
        }
    }

    /// logits_y: scores of each sample's class on its own features and on the queue's, divided by T. A gradient
    /// reaches the own features alone, through the first column.
    ///
    /// - Parameters:
    ///   - query: `[N, F + 1]`, normalized rows of features with a one appended.
    ///   - classifier: `[K, F + 1]`, normalized rows of weights with their biases.
    ///   - queue: `[K · L, F + 1]`, class by class.
    /// - Returns: `[N, 1 + K · L]`, in `ContrastiveOrder`.
    func classificationLogits(
        _ query: Variable, classifier: Tensor, queue: Tensor, labels: [Int], order: ContrastiveOrder,
        temperature: Double
    ) -> Variable {
        let h = query.value.dense()
        precondition(
            h.shape == [labels.count, classifier.shape[1]],
            "\(labels.count) labels and a classifier of \(classifier.shape) for queries of \(h.shape)")
        let weights = classifier.dense().gathered(rows: labels)
        let logits = order.logits(
            own: ContrastiveRows.products(h, weights),
            products: weights.matrixProduct(queue, transposed: (false, true)), labels: labels,
            temperature: temperature)
        return record(logits, from: [query]) { gradient in
            query.accumulate(order.ownGradient(gradient, weights, temperature: temperature))
        }
    }
}
