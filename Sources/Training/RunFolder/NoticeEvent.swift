internal import Hosts

/// What is logged of a notice: a line of standard error that a person should read.
public struct NoticeEvent: Sendable, Encodable {
    /// Steps done when it was said; for what was said in the preparation, those of earlier starts.
    public let step: Int
    /// The line, shortened, on one line, control characters as escapes.
    public let text: String

    /// Characters of a text, at most.
    private static let longestText = 500

    init(step: Int, text: String) {
        self.step = step
        self.text = text.printable(atMost: Self.longestText, keepsLines: false)
    }
}

/// The notices of one start of a run, of which each is logged once after a step.
struct StepNotices {
    /// Steps done.
    var step = 0 {
        didSet { if step != oldValue { texts = [] } }
    }
    private var texts: Set<String> = []

    /// The event of a notice; nil where the log has it after this step.
    mutating func event(_ text: String) -> NoticeEvent? {
        let event = NoticeEvent(step: step, text: text)
        return texts.insert(event.text).inserted ? event : nil
    }
}
