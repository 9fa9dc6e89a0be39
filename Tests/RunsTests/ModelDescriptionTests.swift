import Foundation
import ImageData
import Layers
import ModelFiles
import Runs
import Tensors
import TestSupport
import Testing

/// What a saved model says of itself, and what is made of it.
@Suite struct ModelDescriptionTests {
    private static func description(
        _ network: NetworkConfiguration = NetworkConfiguration(name: .resnet18, baseWidth: 8, stem: .small)
    ) -> ModelDescription {
        ModelDescription(
            network: network, classNames: ["cat", "dog \"x\""], classes: [3, 1], imageSize: [3, 28, 32],
            normalization: .imageNet)
    }

    /// A file whose header holds the metadata.
    private static func file(_ metadata: [String: String]) throws -> SafetensorsFile {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ballast-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var writer = SafetensorsWriter(metadata: metadata)
        writer.add("x", Tensor([1], [0]))
        let path = folder.appending(path: "model.safetensors").path
        try writer.write(to: path)
        return try SafetensorsFile(contentsOf: path)
    }

    @Test func theHeaderReadsAgainAsItself() throws {
        let description = Self.description()
        #expect(description.baseWidth == 8 && description.stem == "small")
        let metadata = try description.metadata()
        #expect(metadata["format"] == "pt")
        #expect(try ModelDescription(Self.file(metadata)) == description)
        let classifier = try description.makeClassifier("m")
        #expect(classifier.classCount == 2 && classifier.backbone.featureCount == 64)
    }

    /// Nothing is said where nothing is turned: such models are the bytes that they were.
    @Test func theHeaderSaysWhetherPhotographsAreTurned() throws {
        var description = Self.description()
        #expect(!description.appliesOrientation)
        #expect(try description.metadata()["ballast"]?.contains("rient") == false)
        description.appliesOrientation = true
        #expect(try ModelDescription(Self.file(description.metadata())).appliesOrientation)
    }

    /// Only residual networks have a width and a stem.
    @Test func anEfficientNetHasNoStem() throws {
        let description = Self.description(NetworkConfiguration(name: .efficientNetLite0))
        #expect(description.baseWidth == nil && description.stem == nil)
        #expect(try description.makeClassifier("m").backbone.featureCount == 1280)
    }

    @Test func fromTheHeaderOfAnotherProgramNothingIsGuessed() throws {
        let file = try Self.file([:])
        let error = #expect(throws: UsageError.self) { try ModelDescription(file) }
        #expect(
            error?.description.hasPrefix("\(file.path): does not say which network it is") == true,
            "\(String(describing: error))")
        for text in ["{", "[" + String(repeating: "[", count: 100_000), "\u{1B}[2J"] {
            let file = try Self.file(["ballast": text])
            let error = #expect(throws: DataError.self) { try ModelDescription(file) }
            let message = error?.description ?? ""
            #expect(
                error?.exitCode == 65
                    && message.hasPrefix("\(file.path): cannot read its description of the model: "))
            #expect(message.utf8.count < 600 && !message.contains("\u{1B}"), "\(message)")
        }
    }

    /// What makes of a description one of no network.
    static let spoiling: [@Sendable (inout ModelDescription) -> Void] = [
        { $0.network = "resnet19" }, { $0.stem = "none" }, { $0.baseWidth = 0 }, { $0.classNames = [] },
    ]

    @Test(arguments: spoiling.indices)
    func anUnknownNetworkIsNamed(index: Int) {
        var description = Self.description()
        Self.spoiling[index](&description)
        let error = #expect(throws: UsageError.self) { try description.makeClassifier("m.safetensors") }
        #expect(
            error?.description
                == "m.safetensors: describes a network '\(description.network)' that this version does not know"
        )
    }
}
