/// What the best model is chosen by.
enum ValidationSplit: Sendable, Equatable {
    /// A stratified tenth of the training split, held back from training.
    case stratifiedTenth
    /// Nothing: there is no evaluation, and the last state is the model.
    case none
    /// A data set of its own; an absolute path.
    case path(String)

    /// Reads the key `validation`: null or absent, the word `none`, or a path (`./none` for a file of that name).
    init(reading reader: inout SectionReader) throws {
        let path = ValueKind.path(relativeTo: reader.directory)
        let kind = ValueKind<ValidationSplit>(expectation: "none, or \(path.expectation)") { node in
            node.text == "none" ? ValidationSplit.none : path.convert(node).map(ValidationSplit.path)
        }
        self = try reader.optional("validation", kind) ?? .stratifiedTenth
    }

    /// The key and its value.
    var entry: YAMLEntry {
        switch self {
        case .stratifiedTenth: YAMLEntry("validation", .null)
        case .none: YAMLEntry("validation", .text("none"))
        case .path(let path): YAMLEntry("validation", .text(path))
        }
    }
}

/// The part of the training split that is used, drawn by class.
enum SampleSelection: Sendable, Equatable {
    /// Every sample.
    case all
    /// A percentage of each class; above 0, below 100.
    case percent(Double)
    /// As many samples of each class; 1 … 10⁹.
    case samplesPerClass(Int)

    /// Reads the keys `sample-rate` and `samples-per-class`, of which at most one may be given.
    init(reading reader: inout SectionReader) throws {
        let rate = try reader.optional("sample-rate", .number(.above(0, atMost: 100)))
        let count = try reader.optional("samples-per-class", .integer(.atLeast(1, atMost: 1_000_000_000)))
        switch (rate, count) {
        case (nil, nil), (100, nil): self = .all
        case (let rate?, nil): self = .percent(rate)
        case (nil, let count?): self = .samplesPerClass(count)
        case (_?, _?):
            throw reader.error(
                at: "samples-per-class", "is given beside data.sample-rate; give one of the two")
        }
    }

    /// The keys and their values.
    var entries: [YAMLEntry] {
        let (rate, count): (Double?, Int?) =
            switch self {
            case .all: (100, nil)
            case .percent(let rate): (rate, nil)
            case .samplesPerClass(let count): (nil, count)
            }
        return [
            YAMLEntry("sample-rate", .optionalNumber(rate)),
            YAMLEntry("samples-per-class", .optionalInteger(count)),
        ]
    }
}

/// What pixels in [0, 1] are normalized by: (p − mean) / std, for each channel.
struct Normalization: Sendable, Equatable {
    /// One mean for all channels or three, key `mean`; -10⁶ … 10⁶.
    var mean: [Double]
    /// As many standard deviations, key `std`; 10⁻⁶ … 10⁶.
    var standardDeviation: [Double]

    /// Reads the keys `mean` and `std`, of which both or neither must be given.
    static func read(from reader: inout SectionReader) throws -> Normalization? {
        let oneOrThree: ([Double]) -> Bool = { [1, 3].contains($0.count) }
        let mean = try reader.optional(
            "mean",
            .list(of: .number(.atLeast(-1_000_000, atMost: 1_000_000))).satisfying(
                "with one or three entries", oneOrThree))
        let deviation = try reader.optional(
            "std",
            .list(of: .number(.atLeast(0.000_001, atMost: 1_000_000))).satisfying(
                "with one or three entries", oneOrThree))
        switch (mean, deviation) {
        case (nil, nil): return nil
        case (_?, nil): throw reader.error(at: "mean", "is given without data.std; give both or neither")
        case (nil, _?): throw reader.error(at: "std", "is given without data.mean; give both or neither")
        case (let mean?, let deviation?):
            guard mean.count == deviation.count else {
                throw reader.error(
                    at: "std", "has \(deviation.count) entries and data.mean \(mean.count); expected as many")
            }
            return Normalization(mean: mean, standardDeviation: deviation)
        }
    }

    /// The keys and their values, null where there is no normalization.
    static func entries(_ normalization: Normalization?) -> [YAMLEntry] {
        let list: ([Double]) -> YAMLValue = { .list($0.map(YAMLValue.number)) }
        return [
            YAMLEntry("mean", (normalization?.mean).map(list) ?? .null),
            YAMLEntry("std", (normalization?.standardDeviation).map(list) ?? .null),
        ]
    }
}
