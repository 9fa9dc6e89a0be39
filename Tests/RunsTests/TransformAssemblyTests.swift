import ImageData
import Layers
import Runs
import Tensors
import Testing

/// Which transforms a configuration comes to.
@Suite struct TransformAssemblyTests {
    /// Images of given sizes that nobody decodes.
    private struct Sizes: ImageDataset, PixelSource {
        let path = "sizes"
        let sizes: [ImageSize]
        let classCount = 1
        let fingerprint: UInt64 = 0
        var count: Int { sizes.count }
        var commonSize: ImageSize? { Set(sizes).count == 1 ? sizes[0] : nil }
        var content: ImageContent { .pixels(self) }

        init(_ sizes: (Int, Int)...) { self.sizes = sizes.map { ImageSize(height: $0.0, width: $0.1) } }

        func label(_ index: Int) -> Int { 0 }

        func size(_ index: Int) throws(DataError) -> ImageSize { sizes[index] }

        func decode(
            _ index: Int, _ request: PixelRequest, into image: inout PixelImage
        ) throws(DataError) {
            preconditionFailure("no test decodes")
        }
    }

    private static let photographs = Sizes((375, 500), (40, 30))
    private static let small = Sizes((28, 28), (28, 28))

    private static func transforms(
        _ assignments: String..., of dataset: Sizes = photographs
    ) throws -> TransformConfiguration {
        try RunConfiguration(
            text: ConfigurationValueTests.shortest, file: "run.yaml", directory: "/",
            assignments: assignments.map { "data.\($0)" }
        ).data.transforms.resolved(for: dataset)
    }

    private static func size(_ side: Int) -> ImageSize { ImageSize(height: side, width: side) }

    private static func same(_ transform: ComposedTransform, _ steps: [any ImageTransform]) -> Bool {
        String(describing: transform.steps) == String(describing: steps)
    }

    @Test func photographsAreCroppedMirroredAndResized() throws {
        let transforms = try Self.transforms()
        #expect(transforms.train == .randomResizedCrop && transforms.validation == .resizeCenterCrop)
        #expect(transforms.imageSize == 224 && transforms.horizontalFlip == true)
        #expect(
            Self.same(
                transforms.makeTrainTransform(for: Self.photographs),
                [RandomResizedCrop(scale: 0.2...1), Resize(to: Self.size(224)), HorizontalFlip()]))
        #expect(
            Self.same(
                transforms.makeValidationTransform(),
                [ShorterSideResize(to: 256), CenterCrop(size: Self.size(224))]))
        // What is resolved resolves to itself.
        #expect(transforms.resolved(for: Self.photographs) == transforms)
    }

    @Test func imagesOfOneSizeStayAsTheyAre() throws {
        let transforms = try Self.transforms(of: Self.small)
        #expect(transforms.train == TrainTransform.none && transforms.validation == ValidationTransform.none)
        #expect(transforms.imageSize == nil && transforms.horizontalFlip == false)
        #expect(transforms.makeTrainTransform(for: Self.small).steps.isEmpty)
        #expect(transforms.makeValidationTransform().steps.isEmpty)
    }

    /// The transforms of TLlib's `get_train_transform`, in proportion to the size.
    static let trainSteps: [(name: String, steps: [any ImageTransform])] = [
        ("resize", [Resize(to: size(112), .bicubic)]),
        ("resize-crop", [Resize(to: size(128), .bicubic), RandomCrop(size: size(112))]),
        ("shorter-side-crop", [ShorterSideResize(to: 128, .bicubic), RandomCrop(size: size(112))]),
        ("random-resized-crop", [RandomResizedCrop(scale: 0.2...1), Resize(to: size(112), .bicubic)]),
        ("inception-crop", [RandomResizedCrop(scale: 0.08...1), Resize(to: size(112), .bicubic)]),
        ("pad-crop", [Resize(to: size(112), .bicubic), PadCrop(padding: 14)]),
    ]

    @Test(arguments: trainSteps.indices)
    func everyTransformIsTheReferences(index: Int) throws {
        let (name, steps) = Self.trainSteps[index]
        for dataset in [Self.photographs, Self.small] {
            let transforms = try Self.transforms(
                "train-transform=\(name)", "image-size=112", "interpolation=bicubic", "horizontal-flip=true",
                "color-jitter=0.3", of: dataset)
            let transform = transforms.makeTrainTransform(for: dataset)
            #expect(Self.same(transform, steps + [HorizontalFlip(), ColorJitter(0.3)]), "\(transform.steps)")
            #expect(transform.outputSize(for: dataset.commonSize) == Self.size(112))
            #expect(transforms.validation == .resizeCenterCrop)
            #expect(transforms.makeValidationTransform().outputSize(for: nil) == Self.size(112))
        }
    }

    /// Images that have the size already are not resized, and pad-crop alone does not resize.
    @Test func padCropKeepsTheSize() throws {
        for assignment in ["image-size=28", "workers=1"] {
            let transforms = try Self.transforms(
                "train-transform=pad-crop", assignment, of: Self.small)
            #expect(transforms.validation == ValidationTransform.none)
            #expect(
                Self.same(transforms.makeTrainTransform(for: Self.small), [PadCrop(padding: 2)]))
        }
        let narrow = Sizes((20, 32))
        let transforms = try Self.transforms("train-transform=pad-crop", of: narrow)
        #expect(Self.same(transforms.makeTrainTransform(for: narrow), [PadCrop(padding: 2)]))
    }

    @Test func evaluationTakesTheSizeOfTraining() throws {
        let alone = try Self.transforms("validation-transform=resize", of: Self.small)
        #expect(alone.imageSize == 28)
        #expect(Self.same(alone.makeValidationTransform(), [Resize(to: Self.size(28))]))
        #expect(try Self.transforms("train-transform=resize", of: Self.small).imageSize == 224)
    }

    // MARK: Saved models

    private static func description() -> ModelDescription {
        ModelDescription(
            network: NetworkConfiguration(name: .resnet18), classNames: ["a", "b"], classes: nil,
            imageSize: [3, 112, 112], normalization: .imageNet)
    }

    @Test func aSavedModelSaysHowItsImagesAreMade() throws {
        var description = Self.description()
        // As models were saved before images were resized.
        #expect(try description.pipelines().map(\.transform.steps.count) == [0])
        description.validationTransform = "resize-center-crop"
        description.interpolation = "bicubic"
        let pipelines = try description.pipelines()
        #expect(pipelines.count == 1)
        #expect(
            Self.same(
                pipelines[0].transform,
                [ShorterSideResize(to: 128, .bicubic), CenterCrop(size: Self.size(112))]))
        let ten = try description.pipelines(tenCrop: true)
        #expect(ten.count == 10)
        for pipeline in ten {
            #expect(try pipeline.outputShape(of: Self.photographs) == [3, 112, 112])
            #expect(
                String(describing: pipeline.transform.steps[0])
                    == String(describing: ShorterSideResize(to: 128, .bicubic)))
        }
    }

    @Test func anUnknownTransformOfASavedModelIsNamed() throws {
        for (validation, interpolation, size) in [
            ("resize-corner", "bilinear", [3, 112, 112]), ("resize", "lanczos", [3, 112, 112]),
            ("resize", "bilinear", [3, 112, 100]), ("resize", "bilinear", [3, 1 << 40, 1 << 40]),
            ("resize", "bilinear", []),
        ] {
            var description = Self.description()
            description.validationTransform = validation
            description.interpolation = interpolation
            description.imageSize = size
            #expect(throws: UsageError.self) { try description.pipelines() }
        }
    }
}
