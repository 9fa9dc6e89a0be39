internal import ProcessGroups

extension PlanFacts {
    /// What is expected on each cluster, and below it all that is assumed.
    package var text: String {
        let tables = plans.map { plan in
            "\(plan.heading)\n" + rows(of: plan).joined(separator: "\n") + "\n" + conclusion(of: plan)
        }
        let notes = assumptions.map { $0.wrapped(width: FactTable.width, first: "- ", indentation: 2) }
        return (["plan for \(job.title)"] + tables + ["assumptions\n" + notes.joined(separator: "\n")])
            .joined(separator: "\n\n")
    }

    private static let columns = [
        ("batch", 5), ("ranks", 9), ("wire", 8), ("buckets", 9), ("overlap", 7), ("step", 9), ("images/s", 8),
        ("effic.", 6), ("exposed", 7), ("hours", 10),
    ]

    private static func line(_ cells: [String]) -> String {
        zip(cells, columns).map { $0.aligned(to: $1.1) }.joined(separator: "  ")
    }

    private static func line(_ row: PlanRow) -> String {
        line([
            "\(row.localBatch)", "\(row.ranks) × \(row.threads)", row.wireFormat,
            Units.bytes(Int64(row.bucketBytes)) + (row.setsBucketBytes ? "*" : ""), row.overlap,
            Units.seconds(row.stepSeconds), Units.rate(row.imagesPerSecond),
            "\(Units.rate(100 * row.efficiency)) %", "\(Units.rate(100 * row.exposedShare)) %",
            Units.seconds(3600 * row.hours),
        ])
    }

    private func rows(of plan: ScalePlan) -> [String] {
        var lines = [Self.line(Self.columns.map(\.0))]
        for pair in plan.rows {
            if let configured = pair.configured, configured != pair.best {
                lines.append(Self.line(configured))
            }
            lines.append(Self.line(pair.best) + (pair.configured == pair.best ? "" : "  best"))
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
        } else if let best = plan.rows.map(\.best).max(by: { $0.efficiency < $1.efficiency }) {
            sentences.append(
                "\(goal) % is not reached, \(Units.rate(100 * best.efficiency)) % with \(settings(best)); most is lost to "
                    + (best.parts.limit ?? "nothing"))
        } else {
            sentences.append("no step fits into the memory of a host like this one")
        }
        return sentences.map { $0.wrapped(width: FactTable.width, first: "", indentation: 2) }
            .joined(separator: "\n")
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
    /// For example `8 hosts of 32 ranks, 25 Gbit/s`.
    var heading: String {
        let speed = gigabits == gigabits.rounded() ? String(Int(gigabits)) : String(gigabits)
        return "\(Units.count(hosts, "host")) of \(Units.count(ranks, "rank")), \(speed) Gbit/s"
    }
}
