internal import Foundation
internal import Hosts
internal import Training

extension DoctorReport {
    /// The facts, without judgement.
    var table: FactTable {
        var table = FactTable()
        addSoftware(to: &table)
        addHosts(to: &table)
        addPrecision(to: &table)
        addAllReduces(to: &table)
        addRun(to: &table)
        return table
    }

    private func addSoftware(to table: inout FactTable) {
        let hosts = facts.hosts
        let ranks = Set(hosts.map(\.ranks.count)).sorted()
        let launcher = facts.launcher.map { "an MPI launcher (\($0) is set)" } ?? "none, one rank alone"
        table.add("launcher", "", launcher)
        table.add(
            "ranks", "",
            "\(Units.count(facts.ranks.count, "rank")) on \(Units.count(hosts.count, "host")), "
                + "\(ranks.map(String.init).joined(separator: " to ")) a host")
        for index in facts.ranks[0].software.entries.indices {
            let versions = facts.ranks.map { $0.software.entries[index].version }
            let name = facts.ranks[0].software.entries[index].name
            let isSame = Set(versions).count == 1
            for (rank, version) in versions.enumerated() where rank == 0 || version != versions[0] {
                table.add(name, isSame ? "" : facts.ranks[rank].placement.host, version)
            }
        }
    }

    private func addHosts(to table: inout FactTable) {
        let processors = Set(facts.ranks.map(\.processor.words))
        for host in processors.count == 1 ? Array(facts.hosts.prefix(1)) : facts.hosts {
            table.add("processor", processors.count == 1 ? "" : host.name, host.facts[0].processor.words)
        }
        for host in facts.hosts {
            let placements = host.facts.map(\.placement)
            let threads = Set(placements.map(\.threadCount)).sorted().map(String.init)
            let allowed = Set(placements.map(\.cores.count)).sorted().map(String.init)
            let quota = placements.compactMap(\.processorQuota).min().map {
                ", a control group allows the time of \(Units.rate($0))"
            }
            table.add(
                "cores", host.name,
                "\(placements[0].hostCoreCount), a rank may use \(allowed.joined(separator: " to "))"
                    + "\(quota ?? ""); \(Units.count(host.ranks.count, "rank")), threads a rank: "
                    + threads.joined(separator: " to "))
        }
        for host in facts.hosts {
            let limit = host.memory.limit.map { ", limited to \(Units.bytes($0))" } ?? ""
            let needed = facts.step.map { step in
                "; \(Units.count(host.ranks.count, "rank")) held "
                    + Units.bytes(host.ranks.reduce(0) { $0 + step.peakBytes[$1] })
            }
            table.add(
                "memory", host.name,
                "\(Units.bytes(host.memory.total))\(limit), \(Units.bytes(host.memory.available)) free\(needed ?? "")"
            )
        }
    }

    private func addAllReduces(to table: inout FactTable) {
        for timing in facts.allReduces {
            let microseconds = String(format: "%.1f µs", timing.seconds * 1e6).aligned(to: 14)
            let speed = String(format: "%.3f GB/s", timing.bytesPerSecond / 1e9).aligned(to: 14)
            table.add(
                "all-reduce", "",
                Units.bytes(Int64(timing.messageBytes)).aligned(to: 8) + microseconds + speed)
        }
        for host in facts.hosts {
            guard let link = facts.busiest(host) else { continue }
            let speed = link.megabitsPerSecond.map { " (\($0) Mbit/s, says its driver)" } ?? ""
            table.add(
                "network", host.name,
                "\(link.name)\(speed) sent \(Units.bytes(link.sentBytes)) for these all-reduces")
        }
    }

    private func addRun(to table: inout FactTable) {
        if let output = facts.output {
            let needed = facts.step.map {
                "; \(Units.count($0.checkpointCount, "checkpoint")) need \(Units.bytes($0.checkpointBytes))"
            }
            let flush = output.flushSeconds.map { "; a small file is safe in \(DurationText.measured($0))" }
            table.add(
                "disk", "",
                "\(output.existingFolder): \(Units.bytes(output.freeBytes)) free\(needed ?? "")\(flush ?? "")"
            )
        }
        if let data = facts.data {
            let counts = [
                ("training", data.trainingCount), ("validation", data.validationCount),
                ("test", data.testCount),
            ].compactMap { name, count in count.map { "\(name) \($0)" } }
            table.add(
                "data", "",
                "\(counts.joined(separator: ", ")) samples of \(Units.count(data.classCount, "class")), images "
                    + data.imageSize.map(String.init).joined(separator: " × "))
            table.add(
                "reading", "",
                "\(Units.rate(data.imagesPerSecond)) images a second a rank: "
                    + "\(data.rankBatch) for a step in \(DurationText.measured(data.stepSeconds))")
        }
        if let step = facts.step { addStep(step, to: &table) }
    }

    private func addStep(_ step: StepFacts, to table: inout FactTable) {
        let parts = step.parts
        let words = [
            ("forward", parts.forward), ("backward", parts.backward), ("communication", parts.communication),
            ("optimizer", parts.optimizer),
        ].map { "\($0) \(DurationText.measured($1))" }
        let rate = Double(step.globalBatch) / step.stepSeconds
        table.add("step", "", "\(step.title), \(Units.count(step.globalBatch, "sample")) of all ranks")
        table.add(
            "", "",
            "\(DurationText.measured(step.stepSeconds)), \(Units.rate(rate)) images a second; "
                + words.joined(separator: ", "))
        let validation = step.evaluationSeconds(facts.data?.validationCount)
        table.add(
            "epoch", "",
            "about \(DurationText.measured(step.epochSeconds(facts.data))): \(Units.count(step.stepsPerEpoch, "step"))"
                + (validation > 0 ? " and \(DurationText.measured(validation)) of evaluation" : ""))
        let preparation = step.preparationSeconds(facts.data)
        table.add(
            "run", "",
            "about \(DurationText.measured(step.runSeconds(facts.data))): \(Units.count(step.epochs, "epoch"))"
                + (preparation > 0 ? ", and \(DurationText.measured(preparation)) before the first step" : "")
        )
    }
}
