internal import Foundation
internal import Hosts
internal import ProcessGroups

/// What the runs of a comparison take, from a few measured steps of each method.
package struct ComparisonCost: Equatable, Sendable {
    /// A method's part of it.
    package struct Part: Equatable, Sendable {
        /// The method.
        let method: String
        /// Runs that are to be done.
        let runCount: Int
        /// Seconds of all of them.
        let seconds: Double

        package init(method: String, runCount: Int, seconds: Double) {
            (self.method, self.runCount, self.seconds) = (method, runCount, seconds)
        }
    }

    /// The methods that have runs to do.
    let parts: [Part]
    /// Runs that are done at a time.
    let groupCount: Int

    package init(_ parts: [Part], groupCount: Int = 1) { (self.parts, self.groupCount) = (parts, groupCount) }

    /// Seconds until all runs are done.
    var seconds: Double { parts.reduce(0) { $0 + $1.seconds } / Double(groupCount) }

    /// What the user should know before the first run.
    package var words: String {
        let count = parts.reduce(0) { $0 + $1.runCount }
        let methods = parts.map {
            "\($0.method) \($0.runCount) × \(Self.hours($0.seconds / Double($0.runCount)))"
        }
        let groups = groupCount > 1 ? ", \(groupCount) at a time" : ""
        return
            "cost: about \(Self.hours(seconds)) for \(Units.count(count, "run"))\(groups): \(methods.joined(separator: ", "))"
    }

    /// For example `2.5 h`, `0.05 h`, `0.0003 h`: what `--budget` is given in, in every length, unlike `DurationText`.
    static func hours(_ seconds: Double) -> String {
        String(format: seconds < 36_000 ? "%.2g h" : "%.0f h", seconds / 3600)
    }
}

extension ComparisonCost {
    /// What is known of a method's runs without doing one.
    struct Estimate {
        /// Steps and data; nil for a method that takes no steps.
        let step: StepFacts?
        let data: DataFacts?

        /// Tries all that comes before the first step, and measures some steps.
        ///
        /// - Throws: `CollectiveFailure` where a run could not start.
        /// - Important: Collective: every rank of the group must call this, in the same order.
        init(_ configuration: RunConfiguration, group: any ProcessGroup, say: (String) -> Void) throws {
            let run = try ConfiguredRun(
                configuration, plans: [], inBothPrecisions: false, network: (timings: [], hosts: 1),
                group: group, say: say)
            if let failure = run.failures.findings.first {
                throw CollectiveFailure(
                    message: "\(configuration.method.name.rawValue): \(failure.subject): \(failure.found)",
                    exitCode: failure.exitCode ?? ExitCode.internalError)
            }
            (step, data) = (run.step, run.data)
        }

        /// Seconds of a run.
        ///
        /// - Parameters:
        ///   - epochs: Of the run.
        ///   - other: Of another method, for one that takes no steps: it looks at every picture once.
        func seconds(epochs: Int, other: Estimate?) -> Double {
            if var step {
                step.epochs = epochs
                return step.runSeconds(data)
            }
            guard let facts = other?.step else { return 0 }
            return facts.evaluationSeconds(data?.trainingCount)
                + facts.evaluationSeconds(data?.validationCount) + facts.evaluationSeconds(data?.testCount)
        }
    }
}
