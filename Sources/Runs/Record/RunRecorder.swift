internal import Foundation
internal import Hosts
internal import ImageData
internal import Layers
internal import ModelFiles
internal import ProcessGroups
internal import Regularizers
internal import Reports
internal import Training

/// Leaves `report.json` in the folder of a run: what its report shows of the saved model beside the log.
///
/// Predictions and features come from the evaluation at the end of the run. Beyond it this takes a thumbnail for each
/// picture that is shown, which the ranks make among them, and for DELTA a forward pass of four images.
struct RunRecorder: OutcomeRecorder {
    /// The method's name.
    let method: MethodName
    /// The method; nil where none takes part in steps.
    let regularizer: (any Regularizer)?
    /// The samples.
    let data: PreparedData
    /// The file, on rank 0; nil elsewhere.
    let path: String?
    /// What TensorBoard reads, on rank 0; nil elsewhere.
    let events: EventFile?
    let group: any ProcessGroup
    /// Tells the user a line that is worth reading however quiet the program is, on rank 0.
    let warn: (String) -> Void

    func observation(of split: String) -> ObservedEvaluation {
        ObservedEvaluation(
            of: split, sampleCount: subset(split)?.count ?? 0, featureCount: ReportRecord.Limits.points)
    }

    func record(_ observed: ObservedEvaluation?, of classifier: Classifier) throws {
        var shown: ShownEvaluation?
        if let observed, let subset = subset(observed.split) {
            shown = try ShownEvaluation(observed, subset, for: "report.json", group: group, warn: warn)
        }
        try group.coordinate { () throws -> Void in
            guard let path else { return }
            var record = ReportRecord(method: method.rawValue)
            record.classes = data.splits.training.classNames.map { $0.reportName }
            if let shown { record.fill(shown) }
            addFeatures(to: &record, shown)
            addMethod(to: &record, shown, classifier)
            try OutputFile.replace(path, with: try record.json())
            events?.writePictures(of: record)
        }
    }

    private func subset(_ split: String) -> Subset? {
        split == "test" ? data.splits.test : data.splits.validation
    }

    /// Does a part that the rest of the record does not need; that it fails is said.
    private func attempt(_ part: String, _ work: () throws -> Void) {
        do { try work() } catch { warn("report.json has no \(part): \(error)") }
    }

    private func addFeatures(to record: inout ReportRecord, _ shown: ShownEvaluation?) {
        guard let samples = shown?.samples else { return }
        attempt("features") { record.features = try samples.plottedFeatures() }
    }

    private func addMethod(
        to record: inout ReportRecord, _ shown: ShownEvaluation?, _ classifier: Classifier
    ) {
        if let method = regularizer as? BiTuning {
            attempt("queues") { record.queues = try method.plottedQueues() }
        }
        guard let method = regularizer as? DELTA, var attention = method.recordedAttention else { return }
        if let shown {
            attempt("heat maps") {
                let pictures = shown.choice.heatPictures
                guard !pictures.isEmpty else { return }
                let maps = try method.heatMaps(
                    shown.subset, pictures.map { shown.choice.samples[$0] }, data.splits.evaluationPipeline,
                    classifier)
                for (tap, grids) in maps.enumerated() {
                    attention[tap].pictures = zip(pictures, grids).map {
                        ReportRecord.HeatMap(picture: $0, heat: $1.rows)
                    }
                }
            }
        }
        record.attention = attention
    }
}

extension PictureChoice {
    /// Indices into `samples` of those over which heat maps are laid: wrong ones and right ones, as far as there are.
    fileprivate var heatPictures: [Int] {
        let count = ReportRecord.Limits.picturesOfTap
        var chosen = indices(of: Array(worst.prefix(count / 2) + best.prefix(count / 2)))
        chosen += samples.indices.filter { !chosen.contains($0) }
        return Array(chosen.prefix(count))
    }
}

extension ReportRecord {
    /// The bytes of the file: one object, keys sorted.
    fileprivate func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self)) + Array("\n".utf8)
        guard bytes.count <= Limits.bytes else {
            throw RecordTooLarge(byteCount: bytes.count, classCount: classes?.count ?? 0)
        }
        return bytes
    }
}

/// A record that no report would read.
private struct RecordTooLarge: Error, CustomStringConvertible {
    let byteCount: Int
    let classCount: Int
    var description: String {
        "it would have \(byteCount) bytes, and a report reads \(ReportRecord.Limits.bytes) at most; the names of the "
            + "\(classCount) classes may be too long"
    }
}
