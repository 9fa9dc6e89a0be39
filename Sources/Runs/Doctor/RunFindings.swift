internal import Hosts

extension DoctorFacts {
    /// What should be changed about memory, disk, data and batches, with a configuration.
    var runFindings: [Finding] {
        memoryFindings + diskFindings + dataFindings + communicationFindings
    }

    private var memoryFindings: [Finding] {
        guard let step else { return [] }
        return hosts.compactMap { host in
            let needed = host.ranks.reduce(0) { $0 + step.peakBytes[$1] }
            // What the system itself and the file cache need is not in the sum.
            guard Double(needed) > 0.9 * Double(host.memory.available) else { return nil }
            return Finding(
                "memory of \(host.name)",
                found: "\(Units.count(host.ranks.count, "rank")) held \(Units.bytes(needed)), "
                    + "\(Units.bytes(host.memory.available)) were free",
                expected: "a tenth of the free memory left over",
                remedy: "fewer ranks on this host, a smaller training.global-batch, or training.accumulation")
        }
    }

    private var diskFindings: [Finding] {
        guard let output, let step, step.checkpointBytes > output.freeBytes else { return [] }
        return [
            Finding(
                "disk",
                found: "\(output.existingFolder) has \(Units.bytes(output.freeBytes)) free",
                expected: "\(Units.bytes(step.checkpointBytes)) for \(step.checkpointCount) checkpoints",
                remedy: "another output, a smaller checkpoint.keep, or more space")
        ]
    }

    private var dataFindings: [Finding] {
        guard let data, let step, data.stepSeconds > step.stepSeconds else { return [] }
        return [
            Finding(
                "data",
                found: "a rank reads its \(Units.count(data.rankBatch, "image")) in "
                    + "\(DurationText.measured(data.stepSeconds)), a step takes \(DurationText.measured(step.stepSeconds))",
                expected: "that images are ready when the step is",
                remedy: "a larger data.workers, a faster disk, or images prepared as .safetensors")
        ]
    }

    private var communicationFindings: [Finding] {
        guard let step, ranks.count > 1, step.parts.communication > step.parts.total / 3 else { return [] }
        let share = 100 * step.parts.communication / step.parts.total
        return [
            Finding(
                "step",
                found:
                    "\(Units.rate(share)) % of a step is spent on all-reduces and on waiting for them",
                expected: "less than a third",
                remedy: "a larger training.global-batch, fewer ranks, or a faster network")
        ]
    }
}
