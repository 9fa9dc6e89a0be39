internal import Layers
internal import ProcessGroups
internal import Tensors

/// To first order, what the loss rises by without a filter: its output times the derivative of the loss, summed
/// over samples n and positions p,
///
///     L(a_c = 0) − L ≈ −Σ_{n,p} a_c[n, p] · ∂L/∂a_c[n, p] = −⟨w_c, ∂L/∂w_c⟩
///
/// where a_c is the raw output of the convolution, before normalization. The right side says the same because a_c
/// is linear in the filter's weights w_c, with the bias among them where there is one. One backward pass gives the
/// scores of all filters of all taps; what lies before the taps takes no part in it.
///
/// Mozer and Smolensky, Skeletonization, NIPS 1988, for units with a gate each; Molchanov, Tyree, Karras, Aila and
/// Kautz, Pruning convolutional neural networks for resource efficient inference, ICLR 2017, for filters, who take
/// the absolute value: DELTA asks by how much the loss rises, so the sign stays.
///
/// Samples are divided among the ranks.
struct FirstOrderScores: ChannelScores {
    /// Samples whose activations are kept at a time.
    private static let chunkSize = 8

    private let backbone: any Backbone
    private let head: Linear
    private let group: any ProcessGroup
    /// Weight, and bias if there is one, of each tap: all that has a gradient.
    private let filters: [[Parameter]]
    private let rowCount: Int

    /// - Parameters:
    ///   - backbone: The pretrained network; a copy is used.
    ///   - taps: Layers with a weight.
    ///   - head: Its classifier on the task.
    ///   - batchSize: Samples of a batch.
    ///   - group: The ranks.
    init(
        _ backbone: any Backbone, taps: [String], head: Linear, batchSize: Int, group: any ProcessGroup
    ) {
        let copy = backbone.copy()
        (self.backbone, self.head, self.group) = (copy, head, group)
        filters = taps.map { tap in
            copy.parameters.filter { [tap + ".weight", tap + ".bias"].contains($0.name) }
        }
        let wanted = Set(filters.joined().map(\.name))
        for parameter in copy.parameters + head.parameters {
            parameter.variable.requiresGradient = wanted.contains(parameter.name)
        }
        rowCount = Self.rows(of: batchSize, group).count
    }

    var pieces: [Int] { [rowCount] }

    /// This rank's part of a batch.
    private static func rows(of count: Int, _ group: any ProcessGroup) -> Range<Int> {
        count * group.rank / group.size..<count * (group.rank + 1) / group.size
    }

    func add(
        _ batch: SampleBatch, to rises: inout [[Double]], didScore: (_ pieces: Int, _ kind: Int) -> Void
    ) throws {
        let own = Self.rows(of: batch.labels.count, group)
        for start in stride(from: own.lowerBound, to: own.upperBound, by: Self.chunkSize) {
            let rows = start..<min(start + Self.chunkSize, own.upperBound)
            let tape = Tape()
            let context = ForwardContext(tape: tape, normalization: .frozen)
            let features = try backbone.features(Variable(batch.images.rows(rows)), context)
            let loss = tape.crossEntropy(
                head(features, context), labels: Array(batch.labels[rows]), divisor: batch.labels.count)
            try tape.backward(from: loss)
            for index in filters.indices { Self.add(filters[index], to: &rises[index]) }
            didScore(rows.count, 0)
            group.noteProgress()
        }
    }

    /// Adds `−⟨w_c, ∂L/∂w_c⟩` of each filter, in 64 bits, and forgets the gradients.
    private static func add(_ parameters: [Parameter], to rises: inout [Double]) {
        for parameter in parameters {
            guard let gradient = parameter.variable.gradient else { continue }
            let length = parameter.count / rises.count
            parameter.variable.value.withElements { weights in
                gradient.withElements { slopes in
                    for channel in rises.indices {
                        rises[channel] -= (channel * length..<(channel + 1) * length).reduce(0.0) {
                            $0 + Double(weights[$1]) * Double(slopes[$1])
                        }
                    }
                }
            }
            parameter.variable.clearGradient()
        }
    }
}
