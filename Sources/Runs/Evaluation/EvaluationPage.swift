internal import ImageData
internal import ModelFiles
internal import ProcessGroups
internal import Reports
internal import Training

/// The page of an evaluation, which the user asked for: what the report of a run shows of predictions, of a model and data
/// that the user named.
struct EvaluationPage {
    /// The model, as the user named it.
    let model: String
    /// The same, read.
    let saved: SavedModel
    /// The data, as the user named them.
    let data: String
    /// How many views of each image were looked at.
    let viewCount: Int

    /// Writes it.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - evaluation: What was found.
    ///   - observed: What was seen of this rank's samples.
    ///   - subset: The samples of all ranks.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` where rank 0 cannot write it (74), on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func write(
        to path: String, _ evaluation: Evaluation, _ observed: ObservedEvaluation, of subset: Subset,
        group: any ProcessGroup
    ) throws {
        let warn = { (line: String) -> Void in if group.rank == 0 { ProgressLine().warn(line) } }
        let shown = try ShownEvaluation(observed, subset, for: path, group: group, warn: warn)
        try group.coordinate { () throws -> Void in
            var record = ReportRecord(method: saved.record?.method)
            record.classes = subset.classNames.map { $0.reportName }
            record.fill(shown)
            do {
                record.features = try shown.samples.plottedFeatures()
            } catch {
                warn("\(path): has no features: \(error)")
            }
            let page = try RunReport(evaluated(record, evaluation, shown.samples)).html()
            try OutputFile.write(page, named: path)
        }
    }

    /// What the page is made of.
    private func evaluated(
        _ record: ReportRecord, _ evaluation: Evaluation, _ samples: EvaluatedSamples
    ) throws -> EvaluatedModel {
        var evaluated = EvaluatedModel(
            model: model, data: data, record: record, accuracy: evaluation.accuracy,
            meanClassAccuracy: evaluation.meanClassAccuracy, loss: evaluation.loss, count: evaluation.count)
        evaluated.viewCount = viewCount
        evaluated.network = saved.description.network
        evaluated.ballastVersion = saved.record?.ballastVersion
        evaluated.modelDigest = try saved.digest()
        evaluated.sourceDigest = saved.record?.sourceWeightsSha256
        let unclassified = (0..<samples.count).count { !samples.isClassified($0) }
        if unclassified > 0 {
            evaluated.warnings = [
                "The outputs for \(unclassified) of \(samples.count) samples are not finite: these have no class and count as wrong, and the matrix, the classes and the calibration are of the others. The model comes from a run that diverged, or these images are not what it was trained for."
            ]
        }
        return evaluated
    }
}
