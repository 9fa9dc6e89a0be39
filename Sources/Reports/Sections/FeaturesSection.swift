/// Where samples lie among each other, and labels that do not fit.
struct FeaturesSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// Features on two axes.
    var features: Markup {
        contents.each { _, run in
            guard let points = run.record?.features, !points.isEmpty else { return .nothing }
            return .element(
                "div", ["class": "figures"],
                ScatterChart(
                    title: "Features of \(points.count) samples",
                    note: "on their two principal axes; classes that overlap here may be apart on others",
                    points: points, name: run.className
                ).figure)
        }
    }

    /// Samples whose label is probably wrong.
    var suspects: Markup {
        contents.each { number, run in
            guard let indices = run.record?.suspectLabels, !indices.isEmpty else { return .nothing }
            return .joined([
                .paragraph(
                    "The model gives the label of these samples far less than it gives that class on average (confident learning; Northcutt, Jiang, Chuang, 2021). Look before you change anything: it may be the model that errs."
                ),
                ErrorsSection(contents).pictures(indices, run, number),
            ])
        }
    }
}
