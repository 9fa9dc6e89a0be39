extension DoctorFacts {
    /// The hosts whose processors do not multiply `bfloat16`.
    private var slowHosts: [String] {
        hosts.filter { host in host.ranks.contains { !multipliesBFloat16[$0] } }.map(\.name)
    }

    /// What the processors have, and the precision that suits them; nil where nobody asked.
    var precisionWords: String? {
        guard multipliesBFloat16.count == ranks.count else { return nil }
        let slow = slowHosts
        guard !slow.isEmpty else {
            return
                "every host has \(PrecisionChoice.instructions): training.precision: bfloat16 is the faster one"
        }
        let names = slow.count == hosts.count ? "no host has" : "\(Units.count(slow.count, "host")) without"
        return
            "\(names) \(PrecisionChoice.instructions): training.precision: float32; bfloat16 saves memory, no time"
    }

    /// What should be changed about the precision of the run, with a configuration.
    var precisionFindings: [Finding] {
        guard precision == .bfloat16, multipliesBFloat16.count == ranks.count, let host = slowHosts.first
        else {
            return []
        }
        return [
            Finding(
                "training.precision",
                found: "bfloat16, and \(host) has neither AVX512-BF16 nor AMX: \(PrecisionChoice.cost)",
                expected: "bfloat16 where every host multiplies it by itself",
                remedy: "training.precision: auto, or float32")
        ]
    }
}

extension DoctorReport {
    /// Which precision to take.
    func addPrecision(to table: inout FactTable) {
        if let words = facts.precisionWords { table.add("precision", "", words) }
    }
}
