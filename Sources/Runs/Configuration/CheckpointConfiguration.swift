/// The section `checkpoint`: how often a run saves, and what it keeps.
struct CheckpointConfiguration: Sendable, Equatable {
    /// What happens when a checkpoint cannot be written.
    enum OnFailure: String, Sendable, CaseIterable {
        /// The run says so each time and goes on.
        case warn
        /// The run ends.
        case stop
    }

    /// Steps between checkpoints, key `every-steps`; 1 … 10⁹, or null (nil): only when a signal ends the run.
    /// Default 500.
    var everySteps: Int?
    /// How many of the newest are kept beside the best one, key `keep`; 1 … 10⁵. Default 3.
    var keep: Int
    /// What happens when one cannot be written, key `on-failure`. Default `warn`.
    var onFailure: OnFailure
    /// Seconds after which one that is still being written counts as one that cannot be written, key
    /// `timeout-seconds`; 1 … 31536000, a year. Default 600.
    var timeoutSeconds: Int

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        everySteps = try reader.optional(
            "every-steps", .integer(.atLeast(1, atMost: 1_000_000_000)), default: 500)
        keep = try reader.value("keep", .integer(.atLeast(1, atMost: 100_000)), default: 3)
        onFailure = try reader.value("on-failure", .choice, default: .warn)
        timeoutSeconds = try reader.value(
            "timeout-seconds", .integer(.atLeast(1, atMost: 31_536_000)), default: 600)
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("every-steps", .optionalInteger(everySteps)),
            YAMLEntry("keep", .integer(keep)),
            YAMLEntry("on-failure", .text(onFailure.rawValue)),
            YAMLEntry("timeout-seconds", .integer(timeoutSeconds)),
        ]
    }
}
