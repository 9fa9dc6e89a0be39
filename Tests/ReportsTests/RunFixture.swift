internal import Foundation
import ModelFiles
import Regularizers
import Reports
import Tensors
import TestSupport
import Testing

/// Folders of runs as training leaves them, written by hand.
struct RunFixture {
    let folder: ScratchFolder

    /// Names that want to be markup, to leave the line, to turn text around and to be long.
    static let hostileNames = [
        "<script>alert(1)</script>", "a&b \"c\" 'd'", "\u{202E}txt\u{1B}[2J\u{0}", "]]>--><!--",
        String(repeating: "long ", count: 100), "カメラ", "{{x}}", "plain",
    ]

    /// A JPEG of 12 by 8 pixels.
    static let thumbnail =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAIAAwDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAaEAEAAQUAAAAAAAAAAAAAAAAABQIDIjFh/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQP/xAAZEQADAAMAAAAAAAAAAAAAAAAAAgMEETH/2gAMAwEAAhEDEQA/AJrMfxZTH46BN6sGLZ9dP//Z"

    init() throws { folder = try ScratchFolder() }

    /// The path of a run.
    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Writes a text file of a run.
    func write(_ text: String, _ name: String) throws { try folder.write(Array(text.utf8), as: name) }

    /// The page of some runs.
    func page(_ names: String...) throws -> String {
        String(decoding: try RunReport(folders: names.map(path)).html(), as: UTF8.self)
    }

    /// `config.yaml`.
    static func configuration(method: String, seed: Int, output: String) -> String {
        """
        # ballast 0.1.0
        # hosts: one, two
        # ranks: 2
        # threads: 1
        # weights-sha256: 00
        method:
          name: \(method)
        data:
          validation-transform: resize-center-crop
        training:
          epochs: 3
          seed: \(seed)
        output: \(output)

        """
    }

    /// `metrics.jsonl` of steps and evaluations, with an end.
    static func log(steps: Int, seed: Int = 0, finishes: Bool = true) -> String {
        var lines: [String] = []
        for step in 1...steps {
            let loss = 2.0 / Double(step) + 0.01 * Double(seed)
            lines.append(
                """
                {"accuracy":\(0.5 + 0.4 * Double(step) / Double(steps)),"classification-loss":\(loss),"epoch":\((step - 1) * 3 / steps),"event":"step","images-per-second":20.5,"learning-rate":0.01,"loss":\(loss + 0.1),"penalty":0.1,"seconds":{"backward":0.4,"communication":0.1,"data":0.01,"forward":0.2,"optimizer":0.02},"step":\(step)}
                """)
            if step % max(1, steps / 3) == 0 {
                lines.append(
                    """
                    {"accuracy":\(0.6 + 0.1 * Double(step) / Double(steps)),"count":100,"event":"evaluation","loss":0.9,"mean-class-accuracy":0.6,"split":"validation","step":\(step)}
                    {"event":"distances","layers":[{"distance":0.5,"name":"conv1.weight","relative":0.1},{"distance":0.2,"name":"fc<.weight","relative":null}],"step":\(step)}
                    {"event":"spectrum","singular-values":[40.5,10,1.5,0.01],"step":\(step)}
                    """)
            }
        }
        if finishes {
            lines.append(
                """
                {"accuracy":0.5,"count":10,"event":"evaluation","loss":1.5,"mean-class-accuracy":0.5,"split":"test","step":\(steps)}
                {"accuracy":0.5,"best-by":"accuracy","best-step":\(steps),"best-value":0.7,"event":"finished","seconds":75}
                """)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A record with everything in it.
    static func record(classes names: [String], pictures: Int = 12) -> ReportRecord {
        let count = names.count
        var record = ReportRecord(method: "delta")
        record.split = "test"
        record.samples = 100 * count
        record.classes = names
        record.confusion = (0..<count).flatMap { truth in
            [
                ReportRecord.ConfusionCount(truth: truth, prediction: truth, count: 90),
                ReportRecord.ConfusionCount(
                    truth: truth, prediction: (truth + 1) % count, count: 7 + truth % 5),
            ]
        }
        record.calibration = (0..<10).map {
            ReportRecord.CalibrationBin(
                low: Double($0) / 10, high: Double($0 + 1) / 10, count: $0,
                confidence: Double($0) / 10 + 0.05,
                accuracy: Double($0) / 12)
        }
        record.expectedCalibrationError = 0.07
        record.pictures = (0..<pictures).map {
            ReportRecord.Picture(
                sample: "test/<img src=x onerror=alert(1)>/\($0).png", label: $0 % count,
                prediction: ($0 + 1) % count, probability: 0.9, labelProbability: 0.05, thumbnail: thumbnail)
        }
        record.worst = Array(0..<min(6, pictures))
        record.best = [0]
        record.confused = [ReportRecord.ConfusedPair(truth: 0, prediction: 1, count: 9, pictures: [0, 1])]
        record.suspectLabels = [2, 3]
        let points = (0..<60).map {
            ReportRecord.PlottedPoint(x: Double($0 % 7), y: Double($0 % 11), label: $0 % count)
        }
        record.features = points
        record.queues = ReportRecord.Queues(features: points, projections: points)
        record.attention = [
            ReportRecord.TapAttention(
                tap: "layer4<", weights: [0.5, 0.3, 0.2],
                pictures: [ReportRecord.HeatMap(picture: 1, heat: [[0, 0.5], [1, 0.2]])])
        ]
        return record
    }

    /// A whole run.
    func makeRun(_ name: String, seed: Int = 0, classes: [String] = hostileNames) throws {
        try write(
            Self.configuration(method: "delta", seed: seed, output: path(name)), "\(name)/config.yaml")
        try write(Self.log(steps: 30, seed: seed), "\(name)/metrics.jsonl")
        try folder.write(
            Array(JSONEncoder().encode(Self.record(classes: classes))), as: "\(name)/report.json")
        let names = String(decoding: try JSONEncoder().encode(classes), as: UTF8.self)
        try write(
            """
            {"ballast-version":"0.1.0","format-version":1,"method":"delta","metrics":{"test":{"accuracy":0.5,"count":10,"loss":1.5,"mean-class-accuracy":0.5}},"model":{"class-names":\(names),"network":"resnet18"},"model-sha256":"ab","step":30}
            """, "\(name)/model.json")
    }

    /// Co-Tuning's relationship of some classes with ten source classes.
    func writeRelationship(_ name: String, classes: [String], sourceNames: [String]? = nil) throws {
        let rows = classes.indices.flatMap { row in
            (0..<10).map { Float($0 == row % 10 ? 0.55 : 0.05) }
        }
        var relationship = try Relationship(
            probabilities: Tensor([classes.count, 10], rows), classNames: classes)
        relationship.sourceClassNames = sourceNames
        try relationship.write(to: path(name) + "/relationship.safetensors")
    }
}
