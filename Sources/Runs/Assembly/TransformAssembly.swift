package import ImageData

/// The size that photographs are brought to where nothing else is said.
private let photographSize = 224

extension TransformConfiguration {
    /// The same with everything said that depends on the data.
    package func resolved(for dataset: any ImageDataset) -> TransformConfiguration {
        let isPhotographs = dataset is PhotographDataset || dataset.commonSize == nil
        var resolved = self
        let train = train ?? (isPhotographs ? .randomResizedCrop : .none)
        let common = dataset.commonSize.map { $0.height == $0.width ? $0.height : nil } ?? nil
        let resizes = train.resizes(imageSize: imageSize, common: dataset.commonSize)
        let validation = validation ?? (isPhotographs || resizes ? .resizeCenterCrop : .none)
        if imageSize == nil, resizes || validation != .none {
            // Next to images that keep their size, evaluation comes to that size.
            resolved.imageSize = resizes ? photographSize : common ?? photographSize
        }
        (resolved.train, resolved.validation) = (train, validation)
        resolved.horizontalFlip = horizontalFlip ?? isPhotographs
        return resolved
    }

    /// The transform of training, of a configuration that is resolved.
    package func makeTrainTransform(for dataset: any ImageDataset) -> ComposedTransform {
        let steps = trainSteps(for: dataset.commonSize)
        let flip: [any ImageTransform] = horizontalFlip == true ? [HorizontalFlip()] : []
        let jitter: [any ImageTransform] = colorJitter > 0 ? [ColorJitter(Float(colorJitter))] : []
        return ComposedTransform(steps + flip + jitter)
    }

    /// The transform of evaluation, of a configuration that is resolved.
    package func makeValidationTransform() -> ComposedTransform {
        (validation ?? .none).make(imageSize: imageSize ?? photographSize, interpolation)
    }

    private func trainSteps(for common: ImageSize?) -> [any ImageTransform] {
        let side = imageSize ?? photographSize
        let size = ImageSize(height: side, width: side)
        let resize = Resize(to: size, interpolation)
        switch train ?? .none {
        case .none: return []
        case .resize: return [resize]
        case .resizeCrop:
            let larger = largerSide(side)
            return [
                Resize(to: ImageSize(height: larger, width: larger), interpolation), RandomCrop(size: size),
            ]
        case .shorterSideCrop:
            return [ShorterSideResize(to: largerSide(side), interpolation), RandomCrop(size: size)]
        case .randomResizedCrop: return [RandomResizedCrop(scale: 0.2...1), resize]
        case .inceptionCrop: return [RandomResizedCrop(), resize]
        case .padCrop:
            // Images that have the size already, or that no size is asked of, are not resized.
            guard let common, imageSize == nil || common == size else {
                return [resize, PadCrop(imageSize: side)]
            }
            return [PadCrop(imageSize: common.shorterSide)]
        }
    }
}

extension TrainTransform {
    /// Whether images come out of the transform in another size than they go in.
    fileprivate func resizes(imageSize: Int?, common: ImageSize?) -> Bool {
        switch self {
        case .none: false
        case .padCrop:
            common.map { imageSize != nil && ($0.height, $0.width) != (imageSize, imageSize) } ?? true
        case .resize, .resizeCrop, .shorterSideCrop, .randomResizedCrop, .inceptionCrop: true
        }
    }
}

extension ValidationTransform {
    /// The transform that the key names, to images of `imageSize` rows and columns.
    package func make(imageSize: Int, _ interpolation: Interpolation) -> ComposedTransform {
        let size = ImageSize(height: imageSize, width: imageSize)
        switch self {
        case .none: return .none
        case .resize: return ComposedTransform([Resize(to: size, interpolation)])
        case .resizeCenterCrop:
            return ComposedTransform([
                ShorterSideResize(to: largerSide(imageSize), interpolation), CenterCrop(size: size),
            ])
        }
    }
}

/// What images are resized to before a crop to a size: 256 for 224, as is usual, and in proportion.
func largerSide(_ side: Int) -> Int { Int((Double(side) * 256 / 224).rounded()) }

extension TrainingSplits {
    /// What images go through in evaluation and where a method looks at them beforehand, in words that change when it
    /// does.
    func viewDescription(of subset: Subset, isOriented: Bool) -> String {
        if subset.dataset.isPrepared { return "none: prepared images" }
        let normalization = evaluationPipeline.normalization
        let words = [
            "mean \(normalization.mean)", "std \(normalization.standardDeviation)",
            (transforms.validation ?? .none).rawValue, transforms.imageSize.map { "\($0)" } ?? "",
            transforms.interpolation.rawValue, transforms.reducedDecoding ? "reduced" : "",
            isOriented ? "turned by EXIF" : "",
        ]
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension ModelDescription {
    /// How images are transformed and normalized for the model.
    ///
    /// - Parameter tenCrop: Whether ten crops of each image are looked at instead of one.
    /// - Returns: One pipeline for each look.
    /// - Throws: `UsageError` where the description names a transform that this version does not know; `DataError`
    ///   where nothing can be normalized by its numbers.
    package func pipelines(tenCrop: Bool = false) throws -> [ImagePipeline] {
        let normalization = try ImageData.Normalization(mean: mean, standardDeviation: standardDeviation)
        return try transforms(tenCrop: tenCrop).map {
            ImagePipeline(transform: $0, normalization: normalization)
        }
    }

    private func transforms(tenCrop: Bool) throws -> [ComposedTransform] {
        guard let validation = ValidationTransform(rawValue: validationTransform ?? "none"),
            let interpolation = Interpolation(rawValue: interpolation ?? "bilinear")
        else {
            throw UsageError(
                "the model's images were prepared by '\((validationTransform ?? "none").prefix(80))' with "
                    + "'\((interpolation ?? "bilinear").prefix(80))', which this version does not know")
        }
        guard validation != .none || tenCrop else { return [.none] }
        guard imageSize.count == 3, (1...1 << 14).contains(imageSize[1]), imageSize[1] == imageSize[2] else {
            throw UsageError(
                "the model was trained on images of size \(imageSize.prefix(8)); expected three channels of a square"
            )
        }
        let side = imageSize[1]
        guard tenCrop else { return [validation.make(imageSize: side, interpolation)] }
        let resize = ComposedTransform([ShorterSideResize(to: largerSide(side), interpolation)])
        return TenCrop(size: ImageSize(height: side, width: side)).views.map { resize.followed(by: $0) }
    }
}
