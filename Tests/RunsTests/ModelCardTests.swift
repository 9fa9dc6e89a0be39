import Foundation
import ImageData
import ModelFiles
import Runs
import TestSupport
import Testing
import Training

/// The model card of a run, whose names are hostile.
@Suite struct ModelCardTests {
    private static func evaluation(_ accuracy: Double, _ count: Int) throws -> Evaluation {
        let text =
            "{\"accuracy\": \(accuracy), \"meanClassAccuracy\": 0.25, \"count\": \(count), \"loss\": 0.5}"
        return try JSONDecoder().decode(Evaluation.self, from: Data(text.utf8))
    }

    /// A folder as a run leaves it.
    private static func runFolder(
        _ classNames: [String] = ["plain", "a|b", "<script>alert(1)</script>", "![x](http://e)\n# no"],
        configuration: String? = "method: {name: fine-tune}\nnetwork: {name: resnet18, stem: small}\n"
            + "data: {train: /home/somebody/secret}\ntraining: {epochs: 7}\noutput: /home/somebody/run\n"
    ) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let path = try folder.write([1, 2, 3], as: "model.safetensors")
        var description = ModelDescription(
            network: NetworkConfiguration(name: .resnet18, stem: .small), classNames: classNames,
            classes: nil, imageSize: [3, 28, 28], normalization: .imageNet)
        (description.validationTransform, description.interpolation) = ("resize-center-crop", "bicubic")
        let record = ModelRecord(
            description,
            ModelResult(
                step: 70, digest: try FileDigest(ofFile: path), bestBy: .loss,
                validation: try evaluation(0.5, 10), test: try evaluation(0.9, 100)),
            method: .fineTune, sourceWeights: String(repeating: "ab", count: 32), trainingSamples: 1234)
        try folder.write(record.json(), as: "model.json")
        if let configuration { try folder.write(Array(configuration.utf8), as: "config.yaml") }
        return folder
    }

    private static func card(_ folder: ScratchFolder) throws -> String {
        let output = folder.path + "/card.md"
        let lines = try ModelExport(model: folder.path, names: nil, output: output).run()
        #expect(lines == ["wrote \(output), the card of \(folder.path)/model.safetensors"])
        return try folder.text(of: "card.md")
    }

    @Test func anEndingThatNothingIsWrittenForIsRefused() throws {
        let folder = try Self.runFolder()
        defer { folder.remove() }
        let export = ModelExport(model: folder.path, names: nil, output: folder.path + "/model.onxx")
        let error = #expect(throws: UsageError.self) { try export.run() }
        #expect(error?.description.contains("nothing is known of files that end in .onxx") == true)
    }

    @Test func whatIsKnownStandsInTheCard() throws {
        let folder = try Self.runFolder()
        defer { folder.remove() }
        let card = try Self.card(folder)
        for part in [
            "---\n# license:", "pipeline_tag: image-classification\n",
            "\n# resnet18, trained with fine-tune\n",
            "value: 0.9}", "| test | 100 | 90.00 (82.56 to 94.48) | 25.00 | 0.5000 |",
            "| validation | 10 | 50.00 (23.66 to 76.34) |", "chosen by the loss on the validation split",
            "- training images: 1234\n", "SHA-256 `\(String(repeating: "ab", count: 32))`",
            "| `training.epochs` | 7 |", "from torchvision.models import resnet18\n",
            "model = resnet18(num_classes=4)\n", "model.maxpool = torch.nn.Identity()\n",
            "transforms.Resize(32, transforms.InterpolationMode.BICUBIC),\n    transforms.CenterCrop(28),",
            "transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),",
        ] {
            #expect(card.contains(part), "\(part) in \(card)")
        }
        // Where files lay is nobody's business.
        #expect(!card.contains("somebody"))
    }

    @Test func namesAreNoMarkup() throws {
        let folder = try Self.runFolder()
        defer { folder.remove() }
        let card = try Self.card(folder)
        for part in [
            "| 0 | plain |\n", "| 1 | a\\|b |\n", "| 2 | &lt;script\\>alert\\(1\\)&lt;\\/script\\> |\n",
            "| 3 | \\!\\[x\\]\\(http\\:\\/\\/e\\)\\\\u\\{A\\}\\# no |\n",
        ] {
            #expect(card.contains(part), "\(part) in \(card)")
        }
    }

    @Test func aCardWithoutSettingsSaysNothingOfThem() throws {
        let folder = try Self.runFolder((0..<300).map { "class \($0)" }, configuration: nil)
        defer { folder.remove() }
        let card = try Self.card(folder)
        #expect(card.contains("| 199 | class 199 |\n\nand 100 more") && !card.contains("| setting |"))
    }

    @Test func withoutItsRecordThereIsNoCard() throws {
        let folder = try Self.runFolder()
        defer { folder.remove() }
        func message() -> String {
            let error = #expect(throws: UsageError.self) { try Self.card(folder) }
            return "\(String(describing: error))"
        }
        try folder.write([1, 2, 4], as: "model.safetensors")
        #expect(message().contains("is of another model"))
        try FileManager.default.removeItem(atPath: folder.path + "/model.json")
        #expect(message().contains("has no model.json"))
        #expect(try !folder.names.contains("card.md"))
    }
}
