/// The section `schedule`: how the learning rates change over the run.
struct ScheduleConfiguration: Sendable, Equatable {
    /// The schedules of this version.
    enum Name: String, Sendable, CaseIterable {
        /// A factor at each of some epochs.
        case multiStep = "multi-step"
        /// Half a cosine, from the full rate to 0 at the end.
        case cosine
        /// No change.
        case constant
    }

    /// A schedule with the keys that it alone has.
    enum Shape: Sendable, Equatable {
        /// A factor at each of some epochs.
        case multiStep(MultiStep)
        /// Half a cosine, from the full rate to 0 at the end.
        case cosine
        /// No change.
        case constant
    }

    /// The keys of the schedule `multi-step`.
    struct MultiStep: Sendable, Equatable {
        /// The epochs, counted from 0, at whose beginning the rates change, key `milestones`; ascending, 1 … 10⁹.
        /// Default [12].
        var milestones: [Int]
        /// What the rates are multiplied by, key `gamma`; above 0, at most 1000. Default 0.1.
        var gamma: Double
    }

    /// The schedule, key `name`, default `multi-step`, with its keys.
    var shape: Shape
    /// Steps over which the rates rise linearly at the start, key `warm-up-steps`; 0 … 10⁹. Default 0.
    var warmUpSteps: Int

    /// The schedule's name.
    var name: Name {
        switch shape {
        case .multiStep: .multiStep
        case .cosine: .cosine
        case .constant: .constant
        }
    }

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        let name = try reader.value("name", .choice, default: Name.multiStep)
        reader.keysBelong(to: "schedule", named: name.rawValue)
        switch name {
        case .multiStep:
            let ascending = ValueKind.list(of: .integer(.atLeast(1, atMost: 1_000_000_000))).satisfying(
                "ascending"
            ) { epochs in
                zip(epochs, epochs.dropFirst()).allSatisfy { $0 < $1 }
            }
            shape = .multiStep(
                MultiStep(
                    milestones: try reader.value("milestones", ascending, default: [12]),
                    gamma: try reader.value("gamma", .number(.above(0, atMost: 1000)), default: 0.1)))
        case .cosine: shape = .cosine
        case .constant: shape = .constant
        }
        warmUpSteps = try reader.value(
            "warm-up-steps", .integer(.atLeast(0, atMost: 1_000_000_000)), default: 0)
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        let own =
            switch shape {
            case .multiStep(let settings):
                [
                    YAMLEntry("milestones", .list(settings.milestones.map { .integer($0) })),
                    YAMLEntry("gamma", .number(settings.gamma)),
                ]
            case .cosine, .constant: [YAMLEntry]()
            }
        return [YAMLEntry("name", .text(name.rawValue))] + own
            + [YAMLEntry("warm-up-steps", .integer(warmUpSteps))]
    }
}
