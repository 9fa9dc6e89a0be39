internal import ImageData

/// The section `data`: the images, their split and their transforms.
package struct DataConfiguration: Sendable, Equatable {
    /// The training split, key `train`; an absolute path, required.
    var train: String
    /// What the best model is chosen by, key `validation`. Default: a stratified tenth of `train`.
    var validation: ValidationSplit
    /// The split that is evaluated once, at the end, key `test`; an absolute path. Default nil: none.
    var test: String?
    /// The classes to keep, renumbered in this order, key `classes`: labels, or names where the data have names; each
    /// once. Default nil: all.
    var classes: [ClassReference]?
    /// Names of the labels of data without names, key `class-names`. Default nil: the labels in decimal.
    var classNames: [String]?
    /// What happens to an image that cannot be decoded, key `on-error`. Default `stop`.
    var onError: ImageErrorPolicy
    /// Whether photographs are turned as their EXIF data say, key `apply-exif-orientation`. Default false.
    var appliesOrientation: Bool
    /// The part of the training split to use, keys `sample-rate` and `samples-per-class`. Default: all of it.
    var selection: SampleSelection
    /// How images are changed before they are normalized.
    package var transforms: TransformConfiguration
    /// What pixels in [0, 1] are normalized by, keys `mean` and `std`. Default nil: the network's.
    var normalization: Normalization?
    /// Decoding threads a rank, key `workers`; 1 … 1024. Default 1.
    var workers: Int
    /// Bytes of decoded photographs that a rank keeps in memory, at most, key `cache-bytes`; 0 … 2⁵⁰. Default 0.
    var cacheBytes: Int
    /// Whether every host has files of its own, weights, lists and images, and reads them, key `local`. Default false: rank
    /// 0 reads lists, sets that are held in memory and weights, and sends them; every host sees the photographs.
    package var isLocal: Bool

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        let path = ValueKind.path(relativeTo: reader.directory)
        train = try reader.required("train", path)
        validation = try ValidationSplit(reading: &reader)
        test = try reader.optional("test", path)
        let references = ValueKind.list(of: .classReference).satisfying("not empty and without repetition") {
            !$0.isEmpty && Set($0).count == $0.count
        }
        classes = try reader.optional("classes", references)
        let names = ValueKind.list(of: .text).satisfying("not empty and without repetition") {
            !$0.isEmpty && Set($0).count == $0.count
        }
        classNames = try reader.optional("class-names", names)
        onError = try reader.value("on-error", .choice, default: .stop)
        appliesOrientation = try reader.value("apply-exif-orientation", .boolean, default: false)
        selection = try SampleSelection(reading: &reader)
        transforms = try TransformConfiguration(reading: &reader)
        normalization = try Normalization.read(from: &reader)
        workers = try reader.value("workers", .integer(.atLeast(1, atMost: 1024)), default: 1)
        cacheBytes = try reader.value("cache-bytes", .integer(.atLeast(0, atMost: 1 << 50)), default: 0)
        isLocal = try reader.value("local", .boolean, default: false)
    }

    /// The keys and values that a run may not change when it goes on; not where and by whom files are read.
    var identity: [YAMLEntry] { Array(entries.dropLast()) }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("train", .text(train)),
            validation.entry,
            YAMLEntry("test", .optionalText(test)),
            YAMLEntry("classes", classes.map { .list($0.map(\.yaml)) } ?? .null),
            YAMLEntry("class-names", classNames.map { .list($0.map { .text($0) }) } ?? .null),
            YAMLEntry("on-error", .text(onError.rawValue)),
            YAMLEntry("apply-exif-orientation", .boolean(appliesOrientation)),
        ] + selection.entries + transforms.entries + Normalization.entries(normalization) + [
            YAMLEntry("workers", .integer(workers)),
            YAMLEntry("cache-bytes", .integer(cacheBytes)),
            YAMLEntry("local", .boolean(isLocal)),
        ]
    }
}

/// What happens to an image that cannot be decoded.
enum ImageErrorPolicy: String, Sendable, CaseIterable {
    /// The run ends before its first step; the beginning of every file is looked at.
    case stop
    /// Every image is decoded once before the first step, and those that fail leave the data on all ranks.
    case skip
}

extension ValueKind where Value == ClassReference {
    /// A label, or the name of a class.
    fileprivate static var classReference: ValueKind {
        ValueKind(expectation: "a label from 0 on, or the name of a class") { node in
            if let label: Int = node.wholeNumber() { return label >= 0 ? .label(label) : nil }
            guard let text = node.text, !node.isNull, !text.isEmpty else { return nil }
            return .name(text)
        }
    }
}

extension ValueKind where Value == String {
    /// A text that is not empty.
    fileprivate static var text: ValueKind {
        ValueKind(expectation: "a text") { node in
            guard let text = node.text, !text.isEmpty else { return nil }
            return text
        }
    }
}

extension ClassReference {
    /// The label or the name.
    fileprivate var yaml: YAMLValue {
        switch self {
        case .label(let label): .integer(label)
        case .name(let name): .text(name)
        }
    }
}
