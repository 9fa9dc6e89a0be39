import Layers
import Regularizers
import Tensors

/// An example of the article on the library: one term in a loop of one's own.
///
/// - Returns: The gradient of the first convolution, `[O, I, K, K]`.
func termExample(
    _ classifier: Classifier, images: Variable, sourceMaps: [Tensor], labels: [Int]
) throws -> Tensor? {
    let tape = Tape()
    let context = ForwardContext(tape: tape, normalization: .local)
    let (output, maps) = try context.observing(["conv1"]) { try classifier(images, $0) }
    let classification = tape.crossEntropy(output.logits, labels: labels, divisor: labels.count)
    let distance = tape.behavioralDistance(maps, from: sourceMaps)
    try tape.backward(from: tape.add(classification, tape.scaled(distance, by: 0.01)))
    return classifier.backbone.parameters[0].variable.gradient
}
