/// The section `data`: the images, their split and their transforms.
struct DataConfiguration: Sendable, Equatable {
    /// The training split, key `train`; an absolute path, required.
    var train: String
    /// What the best model is chosen by, key `validation`. Default: a stratified tenth of `train`.
    var validation: ValidationSplit
    /// The split that is evaluated once, at the end, key `test`; an absolute path. Default nil: none.
    var test: String?
    /// The labels to keep, renumbered in this order, key `classes`; each at least 0 and once. Default nil: all.
    var classes: [Int]?
    /// The part of the training split to use, keys `sample-rate` and `samples-per-class`. Default: all of it.
    var selection: SampleSelection
    /// What happens to an image in training, key `train-transform`. Default `none`.
    var trainTransform: TrainTransform
    /// What happens to an image in evaluation, key `validation-transform`. Default `none`.
    var validationTransform: ValidationTransform
    /// Height and width after the transform in pixels, key `image-size`; at least 1. Default nil: as it comes.
    var imageSize: Int?
    /// Whether half of the images are mirrored in training, key `horizontal-flip`. Default false.
    var horizontalFlip: Bool
    /// What pixels in [0, 1] are normalized by, keys `mean` and `std`. Default nil: the network's.
    var normalization: Normalization?
    /// Decoding threads a rank, key `workers`; at least 1. Default 1.
    var workers: Int

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        let path = ValueKind.path(relativeTo: reader.directory)
        train = try reader.required("train", path)
        validation = try ValidationSplit(reading: &reader)
        test = try reader.optional("test", path)
        let labels = ValueKind.list(of: .integer(.atLeast(0))).satisfying("not empty and without repetition")
        {
            !$0.isEmpty && Set($0).count == $0.count
        }
        classes = try reader.optional("classes", labels)
        selection = try SampleSelection(reading: &reader)
        trainTransform = try reader.value("train-transform", .choice, default: .none)
        validationTransform = try reader.value("validation-transform", .choice, default: .none)
        imageSize = try reader.optional("image-size", .integer(.atLeast(1)))
        horizontalFlip = try reader.value("horizontal-flip", .boolean, default: false)
        normalization = try Normalization.read(from: &reader)
        workers = try reader.value("workers", .integer(.atLeast(1)), default: 1)
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("train", .text(train)),
            validation.entry,
            YAMLEntry("test", .optionalText(test)),
            YAMLEntry("classes", classes.map { .list($0.map { .integer($0) }) } ?? .null),
        ] + selection.entries + [
            YAMLEntry("train-transform", .text(trainTransform.rawValue)),
            YAMLEntry("validation-transform", .text(validationTransform.rawValue)),
            YAMLEntry("image-size", .optionalInteger(imageSize)),
            YAMLEntry("horizontal-flip", .boolean(horizontalFlip)),
        ] + Normalization.entries(normalization) + [
            YAMLEntry("workers", .integer(workers))
        ]
    }
}

/// What can happen to an image in training, in this version.
enum TrainTransform: String, Sendable, CaseIterable {
    /// Nothing: images of one size, or tensors that are ready.
    case none
    /// Padding by zeros on each side, and a random crop.
    case padCrop = "pad-crop"
}

/// What can happen to an image in evaluation, in this version.
enum ValidationTransform: String, Sendable, CaseIterable {
    /// Nothing: images of one size, or tensors that are ready.
    case none
}
