/// What the doctor says: a table of facts, and below it what to change. Computes nothing and asks nobody.
package struct DoctorReport {
    let facts: DoctorFacts

    package init(_ facts: DoctorFacts) { self.facts = facts }

    /// What should be changed: first what keeps a run from starting, then advice.
    package var findings: [Finding] {
        let all =
            facts.failures + facts.softwareFindings + facts.coreFindings + facts.networkFindings
            + facts.precisionFindings + facts.runFindings
        return all.filter { $0.exitCode != nil } + all.filter { $0.exitCode == nil }
    }

    /// What keeps a run from starting.
    package var failures: [Finding] { findings.filter { $0.exitCode != nil } }

    /// The table, what is expected on other clusters, and the list of what to change.
    package var text: String {
        let plan = facts.plans.isEmpty ? [] : [PlanFacts.text(of: facts.plans), ""]
        return ([table.text, ""] + plan + findings.map(Self.text) + [verdict]).joined(separator: "\n")
    }

    /// What is expected on other clusters: a JSON object, or an array with one for each of two precisions; nil where it was
    /// not asked for or could not be measured.
    package var planJSON: String? {
        get throws { try facts.plans.count > 1 ? JSONText.of(facts.plans) : facts.plans.first?.json() }
    }

    /// One line that sums it up.
    package var verdict: String {
        let advice = findings.count - failures.count
        guard failures.isEmpty else { return "not ready: \(Units.count(failures.count, "failure"))" }
        return advice == 0 ? "ready" : "ready; \(advice) to improve"
    }

    private static func text(_ finding: Finding) -> String {
        let kind = finding.exitCode == nil ? "advice" : "failure"
        let expected = finding.expected.isEmpty ? "" : "; expected \(finding.expected)"
        let head = "\(finding.subject): \(finding.found)\(expected)".wrapped(
            width: FactTable.width, first: kind.padded(to: 9), indentation: 9)
        guard !finding.remedy.isEmpty else { return head }
        return head + "\n"
            + finding.remedy.wrapped(width: FactTable.width, first: "         change: ", indentation: 17)
    }
}
