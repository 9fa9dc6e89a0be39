internal import Foundation

/// A saved model and how it did on data that a user named: what the report of an evaluation is made of. All texts may be
/// anything.
package struct EvaluatedModel: Sendable {
    /// The model, as the user named it.
    package var model: String
    /// The data, as the user named them.
    package var data: String
    /// What was predicted.
    package var record: ReportRecord
    /// Share of samples that were classified right.
    package var accuracy: Double
    /// Mean over the classes of the share of each that was.
    package var meanClassAccuracy: Double
    /// Mean cross-entropy; NaN where outputs were not finite.
    package var loss: Double
    /// Samples.
    package var count: Int
    /// Views of each image whose probabilities were averaged.
    package var viewCount = 1
    /// Name of the network.
    package var network: String?
    /// Version of the program that trained the model; nil where nobody knows.
    package var ballastVersion: String?
    /// SHA-256 of the model.
    package var modelDigest: String?
    /// SHA-256 of the pretrained weights.
    package var sourceDigest: String?
    /// What a reader should know before believing the numbers, a sentence each.
    package var warnings: [String] = []

    /// A model of which nothing but its numbers is known yet.
    package init(
        model: String, data: String, record: ReportRecord, accuracy: Double, meanClassAccuracy: Double,
        loss: Double, count: Int
    ) {
        (self.model, self.data, self.record) = (model, data, record)
        (self.accuracy, self.meanClassAccuracy) = (accuracy, meanClassAccuracy)
        (self.loss, self.count) = (loss, count)
    }

    /// What its page is called.
    var title: String {
        func name(_ path: String) -> String {
            URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        }
        return "\(name(model)) on \(name(data))"
    }

    /// How images were looked at, in words; nil: each once.
    var views: String? {
        viewCount > 1
            ? "\(viewCount); their probabilities are averaged, and the features are those of the first" : nil
    }

    /// What is known of the model, as `model.json` would say it.
    var summary: ModelSummary {
        ModelSummary(
            ballastVersion: ballastVersion, method: record.method, modelDigest: modelDigest,
            sourceDigest: sourceDigest, step: nil, bestBy: nil, metrics: nil,
            model: ModelSummary.Model(network: network, classNames: record.classes, imageSize: nil))
    }
}
