/// Predictions with their pictures: the worst, the best, and the pairs of classes that were confused.
struct ErrorsSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// The wrong predictions of which the model was surest.
    var content: Markup {
        guard contents.runs.contains(where: { $0.record?.pictures != nil }) else {
            return .paragraph(
                "No predictions were recorded: a run that ends writes those for its test split, or else its validation split, to report.json. These runs have no such split, or have not ended."
            )
        }
        return contents.each { number, run in
            guard let record = run.record, record.pictures != nil else { return .nothing }
            let worst = record.worst ?? []
            let split = record.split ?? "evaluated"
            let words: Markup =
                worst.isEmpty
                ? .paragraph("No prediction for the \(split) split was wrong.")
                : .paragraph(
                    "Wrong predictions for the \(split) split of which the model was surest. Look at the first ones: labels that are wrong, pictures that show two things, and what the training never showed gather here."
                )
            let best = record.best ?? []
            return .joined([
                words, pictures(worst, run, number),
                best.isEmpty
                    ? .nothing
                    : .details(
                        "Right predictions of which the model was surest", pictures(best, run, number)),
            ])
        }
    }

    /// The pairs with most errors.
    var pairs: Markup {
        contents.each { number, run in
            let pairs = run.record?.confused ?? []
            guard !pairs.isEmpty else { return .nothing }
            return .element(
                "div", ["class": "figures"],
                content: pairs.map { pair in
                    let (truth, prediction) = (run.className(pair.truth), run.className(pair.prediction))
                    return .element(
                        "div", [:],
                        .element(
                            "h4", [:], .name(truth), " taken for ", .name(prediction), ": \(pair.count)"),
                        pictures(pair.pictures, run, number))
                })
        }
    }

    /// Pictures with what was predicted for them.
    func pictures(_ indices: [Int], _ run: RecordedRun, _ number: Int) -> Markup {
        guard let pictures = run.record?.pictures, !indices.isEmpty else { return .nothing }
        return .element(
            "ul", ["class": "pictures"],
            content: indices.map { index in
                let picture = pictures[index]
                let truth = run.className(picture.label)
                let isClassified = picture.prediction >= 0
                let prediction = isClassified ? run.className(picture.prediction) : "no class"
                let isRight = picture.label == picture.prediction
                let words: Markup =
                    isRight
                    ? .name(truth) : .joined([.name(truth), " taken for ", .name(prediction)])
                let own = NumberText.percent(picture.probability, digits: 1)
                let label = NumberText.percent(picture.labelProbability, digits: 1)
                let shares =
                    !isClassified ? "outputs not finite" : isRight ? own : "\(own); \(label) for the label"
                return .element(
                    "li", [:],
                    contents.store.picture(
                        index, of: run, number: number,
                        title: isRight ? truth : "\(truth) taken for \(prediction)"),
                    .element("b", [:], words), .element("span", [:], Markup(shares)),
                    .element("span", ["class": "faint"], .name(picture.sample)))
            })
    }
}
