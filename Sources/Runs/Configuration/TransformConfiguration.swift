package import ImageData

/// The keys of the section `data` that say how images are changed before they are normalized.
///
/// What is nil depends on the data: photographs, whose sizes differ, are cropped and mirrored in training and resized
/// and cropped in evaluation, to 224 pixels; images of one size and tensors stay as they are.
package struct TransformConfiguration: Sendable, Equatable {
    /// What happens to an image in training, key `train-transform`. Default: `random-resized-crop` for photographs,
    /// else `none`.
    package var train: TrainTransform?
    /// What happens to an image in evaluation, key `validation-transform`. Default: `resize-center-crop` for
    /// photographs and wherever training resizes, else `none`.
    package var validation: ValidationTransform?
    /// Height and width after the transform in pixels, key `image-size`; 1 … 16384. Default: 224 where a transform
    /// resizes, else as images come.
    package var imageSize: Int?
    /// How pixels are weighted where images are resized, key `interpolation`. Default `bilinear`.
    package var interpolation: Interpolation
    /// Whether half of the images are mirrored in training, key `horizontal-flip`. Default: for photographs.
    package var horizontalFlip: Bool?
    /// Largest change of brightness, contrast, saturation and hue in training, key `color-jitter`; 0 … 100.
    /// Default 0: none.
    package var colorJitter: Double
    /// Whether photographs that are resized may be decoded at a reduced scale, key `reduced-decoding`: faster, and not
    /// equal to the reference within its tolerance. Default false.
    package var reducedDecoding: Bool

    /// Reads the keys.
    init(reading reader: inout SectionReader) throws {
        train = try reader.optional("train-transform", .choice)
        validation = try reader.optional("validation-transform", .choice)
        imageSize = try reader.optional("image-size", .integer(.atLeast(1, atMost: 16384)))
        interpolation = try reader.value("interpolation", .choice, default: .bilinear)
        horizontalFlip = try reader.optional("horizontal-flip", .boolean)
        colorJitter = try reader.value("color-jitter", .number(.atLeast(0, atMost: 100)), default: 0)
        reducedDecoding = try reader.value("reduced-decoding", .boolean, default: false)
    }

    /// The keys and their values, null where they depend on the data.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("train-transform", .optionalText(train?.rawValue)),
            YAMLEntry("validation-transform", .optionalText(validation?.rawValue)),
            YAMLEntry("image-size", .optionalInteger(imageSize)),
            YAMLEntry("interpolation", .text(interpolation.rawValue)),
            YAMLEntry("horizontal-flip", horizontalFlip.map(YAMLValue.boolean) ?? .null),
            YAMLEntry("color-jitter", .number(colorJitter)),
            YAMLEntry("reduced-decoding", .boolean(reducedDecoding)),
        ]
    }
}

/// What can happen to an image in training, before it is mirrored.
package enum TrainTransform: String, Sendable, CaseIterable {
    /// Nothing: images of one size, or tensors that are ready.
    case none
    /// Resized, whatever the shape.
    case resize
    /// Resized to 8/7 of the size, whatever the shape, and cropped at a random place.
    case resizeCrop = "resize-crop"
    /// The shorter side resized to 8/7 of the size, and cropped at a random place.
    case shorterSideCrop = "shorter-side-crop"
    /// A part of at least a fifth of the area, resized.
    case randomResizedCrop = "random-resized-crop"
    /// A part of at least 0.08 of the area, resized.
    case inceptionCrop = "inception-crop"
    /// Resized where need be, padded by black on each side, and cropped at a random place.
    case padCrop = "pad-crop"
}

/// What can happen to an image in evaluation.
package enum ValidationTransform: String, Sendable, CaseIterable {
    /// Nothing: images of one size, or tensors that are ready.
    case none
    /// Resized, whatever the shape.
    case resize
    /// The shorter side resized to 8/7 of the size, and the middle cropped.
    case resizeCenterCrop = "resize-center-crop"
}
