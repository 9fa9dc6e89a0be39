/// Names of folders beneath `checkpoints`.
///
/// A folder whose name begins with a dot is never taken for a checkpoint.
enum CheckpointName {
    /// What a hidden folder is there for.
    enum Purpose: String, CaseIterable {
        /// A checkpoint that is being written.
        case staging
        /// A checkpoint whose place another one of the same step takes.
        case replaced
        /// A checkpoint that is being removed.
        case removed
    }

    /// `step-00000500`
    static func visible(_ step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// `.staging-step-00000500-1234`
    static func hidden(_ purpose: Purpose, _ step: Int, process: Int32) -> String {
        ".\(purpose.rawValue)-\(visible(step))-\(process)"
    }

    /// The step of a checkpoint's name; nil for any other name.
    static func step(visible name: some StringProtocol) -> Int? {
        guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0, visible(step) == name
        else { return nil }
        return step
    }

    /// Purpose and step of a hidden folder; nil for any other name.
    static func parts(hidden name: String) -> (purpose: Purpose, step: Int)? {
        let words = name.split(separator: "-", omittingEmptySubsequences: false)
        guard words.count == 4, words[0].first == ".", Int32(words[3]) != nil,
            let purpose = Purpose(rawValue: String(words[0].dropFirst())),
            let step = step(visible: "\(words[1])-\(words[2])")
        else { return nil }
        return (purpose, step)
    }
}
