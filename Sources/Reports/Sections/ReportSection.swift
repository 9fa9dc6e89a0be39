/// A part of the page with a title of its own.
struct ReportSection {
    /// Its name in links.
    let id: String
    let title: String
    let content: Markup

    /// The section; nothing where it has no content.
    var markup: Markup {
        content == .nothing
            ? .nothing : .element("section", ["id": id], .element("h2", [:], Markup(title)), content)
    }
}

/// What all sections are made of.
struct ReportContents {
    let runs: [RecordedRun]
    let groups: [RunGroup]
    let comparisons: [(name: String, record: ComparisonRecord)]
    let detail: ReportDetail
    let store: PictureStore

    init(runs: [RecordedRun], comparisons: [(name: String, record: ComparisonRecord)], detail: ReportDetail) {
        (self.runs, self.comparisons, self.detail) = (runs, comparisons, detail)
        groups = RunGroup.groups(of: runs)
        store = PictureStore(limit: detail.pictures)
    }

    /// Whether this is what an evaluation found, and no run.
    var isEvaluation: Bool { runs.contains { $0.evaluated != nil } }

    /// The runs of which all is shown: the first of each group, those with a record first.
    var detailed: [(number: Int, run: RecordedRun)] {
        let firsts = groups.compactMap { group in
            group.runs.first { $0.record != nil } ?? group.runs.first
        }
        let shown = firsts.filter { $0.record != nil } + firsts.filter { $0.record == nil }
        return shown.prefix(detail.runs).enumerated().map { (number: $0, run: $1) }
    }

    /// Something of each of these runs, below its name where there are several.
    func each(_ content: (Int, RecordedRun) -> Markup) -> Markup {
        .joined(
            detailed.map { number, run in
                let content = content(number, run)
                guard content != .nothing, detailed.count > 1 else { return content }
                return .joined([.element("h3", [:], .name(run.name)), content])
            })
    }

    /// All sections, in order of their value to readers.
    var sections: [ReportSection] {
        [
            ReportSection(id: "result", title: "Result", content: ResultSection(self).content),
            ReportSection(id: "errors", title: "Worst errors", content: ErrorsSection(self).content),
            ReportSection(id: "pairs", title: "Most confused classes", content: ErrorsSection(self).pairs),
            ReportSection(id: "matrix", title: "Confusion matrix", content: MatrixSection(self).content),
            ReportSection(id: "classes", title: "Classes", content: ClassesSection(self).content),
            ReportSection(id: "curves", title: "Curves", content: CurvesSection(self).content),
            ReportSection(id: "runs", title: "Runs compared", content: RunsSection(self).content),
            ReportSection(id: "method", title: "Method", content: MethodSection(self).content),
            ReportSection(
                id: "calibration", title: "Calibration", content: CalibrationSection(self).content),
            ReportSection(id: "features", title: "Features", content: FeaturesSection(self).features),
            ReportSection(
                id: "labels", title: "Labels that are probably wrong",
                content: FeaturesSection(self).suspects),
        ]
    }
}
