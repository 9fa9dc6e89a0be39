import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

/// `ballast import` and `ballast export`, and a run that starts from a `.pth` as it is.
@Suite struct ImportTests {
    private static let fixtures = BallastProcess.packageRoot.appending(
        path: "Tests/ModelFilesTests/Fixtures/PyTorch")

    private static func fixture(_ name: String) -> String { fixtures.appending(path: name).path }

    private func expect(
        _ path: String, holds expected: String, except isLeftOut: (String) -> Bool = { _ in false }
    ) throws {
        let file = try SafetensorsFile(contentsOf: path)
        let expected = try SafetensorsFile(contentsOf: Self.fixture(expected))
        #expect(file.names == expected.names.filter { !isLeftOut($0) })
        #expect(file.metadata["format"] == "pt")
        for name in file.names {
            if expected.holdsIntegers(name) {
                #expect(file.holdsIntegers(name) && file.shape(of: name) == [])
            } else {
                #expect(
                    mismatch(try file.tensor(name), try expected.tensor(name), relative: 0) == nil, "\(name)")
            }
        }
    }

    @Test(arguments: [
        ("zip.pth", "5 source classes"), ("legacy.pth", "old format"),
        ("ema.pth", "under 'model_ema' (not 'model')"),
        ("data-parallel.pth.tar", "prefix 'module.'"), ("moco.pth", "no classifier"),
        ("half.pth", "base-width 2"),
        ("no-counters.pth", "missing: 20 counts"), ("hostile.pth", "never called: 'posix.system'"),
    ])
    func formsThatPeopleSaveAreImported(_ name: String, _ part: String) async throws {
        let folder = try ScratchFolder()
        let outcome = try await BallastProcess.run(
            ["import", Self.fixture(name), "--network", "resnet18", "-o", "weights.safetensors"],
            in: folder.url)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.errors == "" && outcome.output.contains(part), "\(outcome.output)")
        #expect(outcome.output.hasSuffix("wrote weights.safetensors\n"))
        try expect(
            folder.path + "/weights.safetensors",
            holds: name == "half.pth" ? "expected-half.safetensors" : "expected.safetensors"
        ) { name == "moco.pth" && $0.hasPrefix("fc.") }
        let counters = try SafetensorsFile(contentsOf: folder.path + "/weights.safetensors")
            .integers("bn1.num_batches_tracked")
        let expected = try SafetensorsFile(contentsOf: Self.fixture("expected.safetensors"))
            .integers("bn1.num_batches_tracked")
        #expect(counters == (name == "no-counters.pth" ? [0] : expected))
        #expect(try folder.names == ["weights.safetensors"])
    }

    @Test(arguments: [
        ("only-hostile.pth", "resnet18", "'posix.system'"), ("whole-model.pth", "resnet18", "'__main__.Net'"),
        ("zip.pth", "resnet34", "look like the weights of resnet18"),
        ("script.pt", "resnet18", "TorchScript"),
        ("README.md", "resnet18", "is text, not weights"),
    ])
    func othersAreRefused(_ name: String, _ network: String, _ part: String) async throws {
        let folder = try ScratchFolder()
        let outcome = try await BallastProcess.run(
            ["import", Self.fixture(name), "--network", network, "-o", "weights.safetensors"], in: folder.url)
        #expect(outcome.exitCode == 65 && outcome.output == "")
        #expect(
            outcome.errors.contains(Self.fixture(name) + ": ") && outcome.errors.contains(part),
            "\(outcome.errors)")
        #expect(try folder.names == [])
    }

    /// MobileNetV2 has other names in timm: there and back, tensors are the same.
    @Test func exportedNamesAreThoseOfTimm() async throws {
        let folder = try ScratchFolder(
            configuration: """
                method: {name: fine-tune}
                network: {name: mobilenet-v2}
                data: {train: \(BallastProcess.golden.path)/trajectory-data.safetensors, validation: none}
                training: {epochs: 1, steps-per-epoch: 1, global-batch: 4, shuffle: false}
                output: run

                """)
        let run = try await BallastProcess.run(["train", "--config", "run.yaml"], in: folder.url)
        try #require(run.exitCode == 0, "\(run.errors)")
        let export = try await BallastProcess.run(
            ["export", "--model", "run", "--names", "timm", "-o", "timm.safetensors"], in: folder.url)
        try #require(export.exitCode == 0, "\(export.errors)")
        #expect(export.output.contains("mobilenet-v2") && export.output.contains("names of timm"))
        let exported = try SafetensorsFile(contentsOf: folder.path + "/timm.safetensors")
        #expect(
            exported.shape(of: "conv_stem.weight") != nil
                && exported.shape(of: "blocks.1.0.conv_pwl.weight") != nil)
        let back = try await BallastProcess.run(
            ["import", "timm.safetensors", "--network", "mobilenet-v2", "-o", "back.safetensors"],
            in: folder.url)
        try #require(back.exitCode == 0, "\(back.errors)")
        #expect(back.output.contains("names of timm"))
        let original = try SafetensorsFile(contentsOf: folder.path + "/run/model.safetensors")
        let file = try SafetensorsFile(contentsOf: folder.path + "/back.safetensors")
        for name in original.names where !original.holdsIntegers(name) {
            #expect(mismatch(try file.tensor(name), try original.tensor(name), relative: 0) == nil, "\(name)")
        }
    }

    @Test func exportSaysWhatItCannotWrite() async throws {
        let folder = try ScratchFolder()
        for (names, output, code, part) in [
            (
                "timm", "model.onnx", Int32(64),
                "--names chooses the names of the tensors in a safetensors file"
            ),
            ("timm", "card.md", 64, "leave it out for this one"),
            ("timm", "model.pth", 64, "its ending is that of no format that is written"),
            ("efficientnet_lite_pytorch", "x.safetensors", 64, "has no network 'resnet18'"),
            ("caffe", "x.safetensors", 64, "caffe"),
        ] {
            let outcome = try await BallastProcess.run(
                ["export", "--model", Self.fixture("zip.pth"), "--names", names, "-o", output], in: folder.url
            )
            #expect(outcome.exitCode == code && outcome.errors.contains(part), "\(outcome.errors)")
            #expect(try folder.names == [])
        }
    }

    @Test func aRunStartsFromACheckpointAndItsModelIsExported() async throws {
        let folder = try ScratchFolder(
            configuration: """
                method: {name: co-tuning}
                network: {name: resnet18, base-width: 2, weights: \(Self.fixture("data-parallel.pth.tar"))}
                data: {train: \(BallastProcess.golden.path)/trajectory-data.safetensors, validation: none}
                training: {epochs: 1, steps-per-epoch: 1, global-batch: 8, shuffle: false}
                output: run

                """)
        let run = try await BallastProcess.run(["train", "--config", "run.yaml"], in: folder.url)
        try #require(run.exitCode == 0, "\(run.errors)")
        #expect(
            run.errors.contains("weights: PyTorch checkpoint (ZIP), 122 tensors, weights under 'state_dict'"))
        #expect(run.errors.contains("weights: never called: 'numpy.dtype'"))
        let width = try await BallastProcess.run(
            ["train", "--config", "run.yaml", "--set", "network.base-width=4"], in: folder.url)
        #expect(width.exitCode == 65 && width.errors.contains("set network.base-width: 2"), "\(width.errors)")
        let export = try await BallastProcess.run(
            ["export", "--model", "run", "-o", "model.safetensors"], in: folder.url)
        try #require(export.exitCode == 0, "\(export.errors)")
        let (model, exported) = (
            try SafetensorsFile(contentsOf: folder.path + "/run/model.safetensors"),
            try SafetensorsFile(contentsOf: folder.path + "/model.safetensors")
        )
        #expect(model.names == exported.names && exported.metadata == model.metadata)
        for name in model.names where !model.holdsIntegers(name) {
            #expect(try model.tensor(name).elements == exported.tensor(name).elements)
        }
    }
}
