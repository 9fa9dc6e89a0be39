internal import Foundation
internal import ImageData
internal import Networks
internal import Reports
internal import Training

/// A model in Markdown, as model hubs show it: what it is, how good it is, how it was made, and how Python loads it. Its
/// head is YAML that programs read.
///
/// Mitchell et al., Model cards for model reporting, FAT* 2019. What only people know, such as the licence and what the
/// model is for, they have to add.
struct ModelCard {
    /// The model.
    let record: ModelRecord
    /// The network.
    let network: NetworkName
    /// What the run was set to; nil where that is not known.
    let configuration: RunConfiguration?

    /// More classes are not listed.
    private static let listedClasses = 200
    /// Settings that say nothing of how good the model is, or name files of one machine.
    private static let leftOut: Set<String> = [
        "method.name", "network.name", "network.weights", "data.train", "data.validation", "data.test",
        "data.workers", "data.cache-bytes", "data.local", "initial-state", "output",
    ]

    /// All of it.
    var text: String {
        let parts = [head, introduction, results, classes, training, use].filter { !$0.isEmpty }
        return parts.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    private var description: ModelDescription { record.model }

    private var title: String { "\(network.rawValue), trained with \(method)" }

    /// What the record says, where this version knows it: it stands beside markup.
    private var method: String { MethodName(rawValue: record.method)?.rawValue ?? "an unknown method" }

    /// Evaluations by the name of their split, the most telling one first.
    private var evaluations: [(split: String, evaluation: Evaluation)] {
        let splits = [("test", record.metrics.test), ("validation", record.metrics.validation)]
        return splits.compactMap { split, found -> (split: String, evaluation: Evaluation)? in
            guard let found, found.count > 0, (0...1).contains(found.accuracy) else { return nil }
            return (split, found)
        }
    }

    // MARK: Parts

    /// YAML between lines of hyphens.
    private var head: [String] {
        let metrics = evaluations.first.map { split, evaluation -> [YAMLEntry] in
            let dataset = YAMLValue.mapping([
                YAMLEntry("name", .text("\(split) split")), YAMLEntry("type", .text("image-folder")),
            ])
            let metric = YAMLValue.mapping([
                YAMLEntry("type", .text("accuracy")), YAMLEntry("value", .number(evaluation.accuracy)),
            ])
            let result = YAMLValue.mapping([
                YAMLEntry("task", .mapping([YAMLEntry("type", .text("image-classification"))])),
                YAMLEntry("dataset", dataset), YAMLEntry("metrics", .list([metric])),
            ])
            let model = YAMLValue.mapping([
                YAMLEntry("name", .text(title)), YAMLEntry("results", .list([result])),
            ])
            return [YAMLEntry("model-index", .list([model]))]
        }
        let kind = record.sourceWeightsSha256 == nil ? [] : ["fine-tuned"]
        let tags =
            ["image-classification"] + kind + [method, network.rawValue, "safetensors", "ballast"]
        let entries =
            [
                YAMLEntry("pipeline_tag", .text("image-classification")),
                YAMLEntry("tags", .list(tags.map(YAMLValue.text))),
            ] + (metrics ?? [])
        return [
            "---", "# license: yours to choose, for example apache-2.0",
            "# base_model: the hub's name of the pretrained weights, whose SHA-256 stands below",
            YAMLEntry.text(entries) + "---",
        ]
    }

    private var introduction: [String] {
        let size = description.imageSize.dropFirst().map(String.init).joined(separator: " × ")
        return [
            "# \(title)", "",
            "An image classifier of \(description.classNames.count) classes for images of \(size) pixels, trained with "
                + "Ballast \(MarkdownText.escaped(record.ballastVersion)).",
        ]
    }

    private var results: [String] {
        guard !evaluations.isEmpty else { return [] }
        let rows = evaluations.map { split, evaluation in
            let interval =
                WilsonInterval.of(share: evaluation.accuracy, count: evaluation.count) ?? 0...1
            return [
                split, "\(evaluation.count)",
                "\(Self.percent(evaluation.accuracy)) (\(Self.percent(interval.lowerBound)) to \(Self.percent(interval.upperBound)))",
                Self.percent(evaluation.meanClassAccuracy),
                evaluation.loss.isFinite ? String(format: "%.4f", evaluation.loss) : "not finite",
            ]
        }
        let chosen = record.bestBy.map {
            "The model stood after step \(record.step) and was chosen by the \($0.rawValue) on the validation split, whose "
                + "numbers are therefore a little too good. "
        }
        return ["## Results", ""]
            + MarkdownText.table(
                ["split", "images", "accuracy, % (95 % interval)", "mean class accuracy, %", "loss"], rows)
            + [
                "",
                (chosen ?? "")
                    + "The interval says what the number of images leaves open (Wilson), not how much another training "
                    + "would differ.",
            ]
    }

    private static func percent(_ share: Double) -> String {
        share.isFinite ? String(format: "%.2f", share * 100) : "not finite"
    }

    private var classes: [String] {
        let names = description.classNames
        let rows = names.prefix(Self.listedClasses).enumerated().map { index, name in
            ["\(index)", MarkdownText.escaped(name)]
        }
        let others = names.count - rows.count
        return ["## Classes", ""] + MarkdownText.table(["logit", "class"], rows)
            + (others > 0 ? ["", "and \(others) more, which stand in the header of the file."] : [])
    }

    private var training: [String] {
        var lines = ["## How it was trained", "", "- method: \(method)"]
        if let digest = record.sourceWeightsSha256, Self.isDigest(digest) {
            lines.append("- pretrained weights: SHA-256 `\(digest)`")
        } else {
            lines.append("- pretrained weights: none")
        }
        lines += record.trainingSamples.map { ["- training images: \($0)"] } ?? []
        lines += evaluations.map { "- \($0.split) images: \($0.evaluation.count)" }
        if Self.isDigest(record.modelSha256) {
            lines.append("- `model.safetensors`: SHA-256 `\(record.modelSha256)`")
        }
        guard let configuration else { return lines }
        let settings = configuration.values.filter { path, _ in
            !Self.leftOut.contains(path) && !path.hasPrefix("checkpoint.")
                && !path.hasPrefix("communication.")
                && !path.hasSuffix("-file")
        }
        return lines + [""]
            + MarkdownText.table(
                ["setting", "value"], settings.map { ["`\($0.path)`", Self.markup($0.value)] })
    }

    private static func markup(_ value: YAMLValue) -> String {
        switch value {
        case .integer, .number, .boolean: value.inline
        case .null, .text, .list, .mapping: MarkdownText.escaped(value.inline)
        }
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    private var use: [String] { PythonUse(network: network, description: description).lines }
}
