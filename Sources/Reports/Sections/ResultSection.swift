/// What the page is for: how good the model is, what to know beside it, and what it was made with.
struct ResultSection {
    private let contents: ReportContents

    init(_ contents: ReportContents) { self.contents = contents }

    /// The section.
    var content: Markup {
        let comparisons = contents.comparisons.map { name, record in
            Markup.joined([
                contents.comparisons.count > 1 ? .element("h3", [:], .name(name)) : .nothing,
                ComparisonTable(record).markup,
            ])
        }
        let runs = contents.runs
        let isAlone = runs.count == 1 && contents.comparisons.isEmpty
        return .joined(
            comparisons + [
                isAlone ? cards(runs[0]) : .nothing, warnings, isAlone ? .nothing : table,
                isAlone ? hashes(runs[0]) : .nothing, configurations,
            ])
    }

    // MARK: One run

    private func cards(_ run: RecordedRun) -> Markup {
        guard let headline = run.headline else {
            return .paragraph(
                "This run has no evaluation: it has no validation or test split, or has not come to one.")
        }
        let interval = run.interval.map {
            "\(NumberText.percent($0.lowerBound, digits: 1)) to \(NumberText.percent($0.upperBound, digits: 1)) (95 %, Wilson)"
        }
        let samples = headline.count.map { "\($0) samples" }
        var cards = [
            Self.card(
                "Accuracy, \(headline.split) split", NumberText.percent(headline.accuracy),
                [interval, samples].compactMap(\.self).joined(separator: "; ")),
            Self.card(
                "Mean class accuracy", NumberText.percent(headline.meanClassAccuracy),
                "each class counts the same"),
            Self.card("Loss", NumberText.short(headline.loss), "mean cross-entropy"),
        ]
        if headline.split == "test", let validation = run.model?.metrics?.validation {
            cards.append(
                Self.card(
                    "Accuracy, validation split", NumberText.percent(validation.accuracy),
                    validation.count.map { "\($0) samples" } ?? ""))
        }
        if let error = run.record?.expectedCalibrationError {
            cards.append(
                Self.card("Calibration error", NumberText.percent(error), "0 % is perfect"))
        }
        if let log = run.log, let words = Self.best(log) {
            cards.append(Self.card("Saved model", words.step, words.note))
        }
        if let seconds = run.log?.runSeconds {
            cards.append(Self.card("Time", NumberText.duration(seconds), ""))
        }
        return .element("dl", ["class": "cards"], content: cards)
    }

    /// After which step, and in which epoch, the saved model stood.
    private static func best(_ log: MetricsLog) -> (step: String, note: String)? {
        guard let best = log.bestStep, log.stepCount > 0, log.lastStep > 0 else { return nil }
        let epochs = (log.lastEpoch ?? 0) + 1
        let epoch = (best * epochs / log.lastStep).rounded(.up)
        return (
            "step \(NumberText.short(best))",
            "of \(NumberText.short(log.lastStep)); epoch \(NumberText.short(epoch)) of \(NumberText.short(epochs))"
        )
    }

    private static func card(_ name: String, _ value: String, _ note: String) -> Markup {
        .element(
            "div", [:], .element("dt", [:], .name(name)),
            .element(
                "dd", [:], Markup(value), note.isEmpty ? .nothing : .element("small", [:], Markup(note))))
    }

    /// What it was made with.
    private func hashes(_ run: RecordedRun) -> Markup {
        let facts = run.configuration?.facts ?? [:]
        let rows: [(String, String?)] = [
            (run.evaluated == nil ? "folder" : "model", run.folder), ("data", run.evaluated?.data),
            ("views of an image", run.evaluated?.views), ("method", run.method),
            ("network", run.model?.model?.network ?? run.configuration?.values["network.name"]),
            ("hosts", facts["hosts"]), ("ranks", facts["ranks"]), ("threads a rank", facts["threads"]),
            ("SHA-256 of the pretrained weights", run.model?.sourceDigest ?? facts["weights-sha256"]),
            ("SHA-256 of the saved model", run.model?.modelDigest),
        ]
        let shown = rows.compactMap { name, value in
            value.flatMap { $0.isEmpty || $0 == "none" ? nil : (name, $0) }
        }
        return DataTable(
            label: "What the model was made with", heads: [.text("what"), .text("value")],
            rows: shown.map { name, value in
                [.name(name), .markup(.element("code", [:], .name(value)))]
            }
        ).markup
    }

    // MARK: Several runs

    private var table: Markup {
        guard !contents.runs.isEmpty else { return .nothing }
        let shown = contents.runs.prefix(contents.detail.tableRuns)
        let rows = shown.map { run in
            let (headline, interval) = (run.headline, run.interval)
            let words = interval.map {
                "\(NumberText.percent($0.lowerBound, digits: 1)) to \(NumberText.percent($0.upperBound, digits: 1))"
            }
            return [
                DataTable.Cell.name(run.name), .name(run.method ?? NumberText.missing),
                .name(run.configuration?.values["training.seed"] ?? NumberText.missing),
                .name(headline?.split ?? NumberText.missing),
                .number(NumberText.percent(headline?.accuracy), headline?.accuracy),
                .number(words ?? NumberText.missing, interval?.lowerBound),
                .number(NumberText.percent(headline?.meanClassAccuracy), headline?.meanClassAccuracy),
                .number(NumberText.short(headline?.loss), headline?.loss),
                .count(headline?.count),
                .number(NumberText.short(run.log?.bestStep), run.log?.bestStep),
                .number(NumberText.duration(run.log?.runSeconds), run.log?.runSeconds),
            ]
        }
        return .joined([
            DataTable(
                label: "Runs",
                heads: [
                    .text("run"), .text("method"), .text("seed"), .text("split"), .number("accuracy"),
                    .number("interval of 95 %"), .number("mean class accuracy"), .number("loss"),
                    .number("samples"), .number("saved at step"), .number("time"),
                ], rows: rows, isSortable: true, caption: "Runs; intervals are Wilson's"
            ).markup,
            shown.count < contents.runs.count
                ? .paragraph("The first \(shown.count) of \(contents.runs.count) runs are listed.")
                : .nothing,
        ])
    }

    private var configurations: Markup {
        let shown = contents.groups.compactMap { group in
            group.runs.first { $0.configuration != nil }
        }.prefix(contents.detail.configurations)
        return .joined(
            shown.compactMap { run in
                run.configuration.map { configuration in
                    .details(
                        contents.runs.count > 1
                            ? .joined(["Configuration of ", .name(run.name)]) : "Configuration, as resolved",
                        .element(
                            "pre", ["tabindex": "0"],
                            .lines(configuration.text, atMost: Self.longestConfiguration)))
                }
            })
    }

    private static let longestConfiguration = 20_000

    // MARK: What to know

    private var warnings: Markup {
        // What several runs say stands there once.
        var (lines, runs): ([String], [String: [RecordedRun]]) = ([], [:])
        for run in contents.runs {
            for line in RunWarnings(run).lines {
                if runs[line] == nil { lines.append(line) }
                runs[line, default: []].append(run)
            }
        }
        guard !lines.isEmpty else { return .nothing }
        let shown = lines.prefix(Self.mostWarnings).map { line in
            Markup.element("li", [:], subject(runs[line] ?? []), Markup(line))
        }
        let rest = lines.count - shown.count
        return .element(
            "ul", ["class": "warnings"],
            content: shown + (rest > 0 ? [.element("li", [:], "\(rest) more")] : []))
    }

    /// Whom a warning is of, where there are several runs.
    private func subject(_ runs: [RecordedRun]) -> Markup {
        guard contents.runs.count > 1, let first = runs.first else { return .nothing }
        if runs.count == contents.runs.count { return "all runs: " }
        return .joined([.name(first.name), runs.count > 1 ? " and \(runs.count - 1) more: " : ": "])
    }

    private static let mostWarnings = 30
}
