/// What a reader should know of a run before believing its numbers.
struct RunWarnings {
    private let run: RecordedRun

    /// Part of the time that a step waits for images from which on it is worth a word.
    private static let muchWaiting = 0.2

    init(_ run: RecordedRun) { self.run = run }

    /// A sentence each.
    var lines: [String] { run.problems + unfinished + numbers + images + schedule + notices }

    private var unfinished: [String] {
        guard let log = run.log else {
            // An evaluation has no steps.
            return run.evaluated == nil ? ["There is no metrics.jsonl: no curves can be shown."] : []
        }
        let lines = log.damagedCount
        let damaged =
            lines == 1
            ? "1 line of metrics.jsonl is not an event of a run, and is left out."
            : "\(lines) lines of metrics.jsonl are not events of a run, and are left out."
        return
            (log.isFinished
            ? [] : ["The log has no end: the run was stopped or killed, diverged, or still goes on."])
            + (lines > 0 ? [damaged] : [])
            + (log.isTorn ? ["The last line of metrics.jsonl is cut off."] : [])
    }

    private var numbers: [String] {
        guard let log = run.log else { return [] }
        let missing = log.loss.missingCount
        return missing > 0 ? ["In \(missing) of \(log.stepCount) steps the loss is not a number."] : []
    }

    private var images: [String] {
        var lines: [String] = []
        if run.skippedImages > 0 {
            lines.append(
                "\(run.skippedImages) images could not be decoded and were left out: skipped-images.csv names them."
            )
        }
        let seconds = run.log?.seconds ?? []
        let sum = seconds.reduce(0) { $0 + $1.sum }
        if let data = seconds.first(where: { $0.name == "data" }), sum > 0, data.sum / sum > Self.muchWaiting
        {
            lines.append(
                "\(NumberText.percent(data.sum / sum, digits: 0)) of the time steps waited for images: more data.workers help."
            )
        }
        return lines
    }

    /// What the run itself said.
    private var notices: [String] {
        guard let log = run.log else { return [] }
        let further = log.furtherNoticeCount
        return log.notices.map { notice in
            notice.step > 0 ? "After step \(NumberText.short(notice.step)): \(notice.text)" : notice.text
        } + (further > 0 ? ["\(further) more notices are in metrics.jsonl."] : [])
    }

    /// A run whose last evaluation is its best might have gone on.
    private var schedule: [String] {
        guard let log = run.log, log.isFinished, log.validationAccuracy.points.count >= 3,
            let best = log.bestStep, let last = log.validation?.step, best == last, best > 0
        else { return [] }
        return ["The last evaluation is the best one: more epochs may do better."]
    }
}
