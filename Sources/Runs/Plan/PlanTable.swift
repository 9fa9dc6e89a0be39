internal import Hosts
internal import ProcessGroups

extension PlanFacts {
    /// What is expected in each precision, behind a line for each cluster where there are several.
    package static func text(of all: [PlanFacts]) -> String {
        let count = all.reduce(0) { $0 + $1.plans.count }
        return ((count > 1 ? [summary(of: all)] : []) + all.map(\.text)).joined(separator: "\n\n")
    }

    /// What is expected on each cluster, and below it all that is assumed.
    package var text: String {
        let tables = plans.map { plan in
            "\(plan.heading)\n" + rows(of: plan).joined(separator: "\n") + "\n" + conclusion(of: plan)
        }
        let notes = assumptions.map { $0.wrapped(width: FactTable.width, first: "- ", indentation: 2) }
        return (["plan for \(job.title)"] + tables + ["assumptions\n" + notes.joined(separator: "\n")])
            .joined(separator: "\n\n")
    }

    private static let summaryColumns = [
        ("hosts", 6), ("Gbit/s", 6), ("precision", 9), ("batch", 5), ("ranks", 9), ("wire", 8),
        ("buckets", 9), ("step", 9), ("images/s", 8), ("effic.", 6), ("hours", 11),
    ]

    /// For each cluster the smallest local batch with which the goal is reached, or what comes nearest.
    private static func summary(of all: [PlanFacts]) -> String {
        let rows = (all.first?.plans.indices ?? 0..<0).flatMap { index in
            all.map { facts in
                let plan = facts.plans[index]
                let cluster = ["\(plan.hosts)", plan.speed, facts.job.precision]
                return line(cluster + (plan.chosen.map(summaryCells) ?? ["does not fit"]), summaryColumns)
            }
        }
        let goal = "\(Units.rate(100 * ScalePlan.goal)) %"
        return "where \(goal) is reached first, or what comes nearest\n"
            + ([line(summaryColumns.map(\.0), summaryColumns)] + rows).joined(separator: "\n")
    }

    private static func summaryCells(_ row: PlanRow) -> [String] {
        let all = cells(row)
        return Array(all[..<4] + all[5..<8] + all[9...])
    }

    private static let columns = [
        ("batch", 5), ("ranks", 9), ("wire", 8), ("buckets", 9), ("overlap", 7), ("step", 9), ("images/s", 8),
        ("effic.", 6), ("exposed", 7), ("hours", 11),
    ]

    private static func line(_ cells: [String], _ columns: [(String, Int)] = PlanFacts.columns) -> String {
        zip(cells, columns).map { $0.aligned(to: $1.1) }.joined(separator: "  ")
    }

    private static func cells(_ row: PlanRow) -> [String] {
        [
            "\(row.localBatch)", "\(row.ranks) × \(row.threads)", row.wireFormat,
            Units.bytes(Int64(row.bucketBytes)) + (row.setsBucketBytes ? "*" : ""), row.overlap,
            DurationText.measured(row.stepSeconds), Units.rate(row.imagesPerSecond),
            "\(Units.rate(100 * row.efficiency)) %", "\(Units.rate(100 * row.exposedShare)) %",
            DurationText.measured(3600 * row.hours),
        ]
    }

    private func rows(of plan: ScalePlan) -> [String] {
        var lines = [Self.line(Self.columns.map(\.0))]
        for pair in plan.rows {
            if let configured = pair.configured, configured != pair.best {
                lines.append(Self.line(Self.cells(configured)))
            }
            lines.append(Self.line(Self.cells(pair.best)) + (pair.configured == pair.best ? "" : "  best"))
        }
        return lines
    }

    private func conclusion(of plan: ScalePlan) -> String {
        var sentences: [String] = []
        if let row = plan.configured {
            sentences.append(
                "as configured, global batch \(job.globalBatch): \(Units.count(row.localBatch, "image")) a rank, "
                    + "\(Units.rate(100 * row.efficiency)) % of the images a second that a host alone has; "
                    + (row.parts.limit.map { "the rest goes to \($0)" } ?? "nothing is lost"))
        } else {
            sentences.append(
                "the configured global batch of \(job.globalBatch) does not go over "
                    + "\(Units.count(plan.hosts * plan.ranks, "rank")): more of them than samples, or too little memory"
            )
        }
        let goal = Units.rate(100 * ScalePlan.goal)
        if let row = plan.reaching {
            sentences.append(
                "\(goal) % from \(Units.count(row.localBatch, "image")) a rank on: \(settings(row))")
        } else if let best = plan.chosen {
            sentences.append(
                "\(goal) % is not reached, \(Units.rate(100 * best.efficiency)) % with \(settings(best)); of a step "
                    + losses(best.parts) + localStatistics(plan, best))
        } else {
            sentences.append("no step fits into the memory of a host like this one")
        }
        return sentences.map { $0.wrapped(width: FactTable.width, first: "", indentation: 2) }
            .joined(separator: "\n")
    }

    /// What takes at least so much of a step is named.
    private static let namedShare = 0.005

    private func losses(_ parts: StepPrediction) -> String {
        let named = parts.losses.filter { $0.seconds >= Self.namedShare * parts.seconds }
        guard !named.isEmpty else { return "nothing is lost" }
        return named.map { "\(Units.rate(100 * $0.seconds / parts.seconds)) % goes to \($0.name)" }
            .joined(separator: ", ")
    }

    /// What statistics of the global batch cost, where that is something.
    private func localStatistics(_ plan: ScalePlan, _ row: PlanRow) -> String {
        guard let share = plan.efficiencyWithLocalStatistics, share >= row.efficiency + Self.namedShare else {
            return ""
        }
        return "; network.batch-norm=local, which changes results, would bring \(Units.rate(100 * share)) %"
    }

    /// What has to be set for a row.
    private func settings(_ row: PlanRow) -> String {
        var words = [
            "training.global-batch=\(row.globalBatch)",
            "\(Units.count(row.ranks, "rank")) of \(Units.count(row.threads, "thread")) a host",
        ]
        if row.wireFormat != job.wireFormat { words.append("communication.wire-format=\(row.wireFormat)") }
        if row.setsBucketBytes, row.bucketBytes != job.bucketBytes {
            words.append("communication.bucket-bytes=\(row.bucketBytes)")
        }
        return words.joined(separator: ", ")
    }
}

extension ScalePlan {
    /// For example `25`.
    var speed: String { gigabits == gigabits.rounded() ? String(Int(gigabits)) : String(gigabits) }

    /// For example `8 hosts of 32 ranks, 25 Gbit/s`.
    var heading: String {
        "\(Units.count(hosts, "host")) of \(Units.count(ranks, "rank")), \(speed) Gbit/s"
    }
}
