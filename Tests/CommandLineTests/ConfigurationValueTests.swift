import Foundation
import TestSupport
import Testing

/// What a configuration that is right resolves to.
@Suite struct ConfigurationValueTests {
    /// The keys that have no default, and nothing else.
    static let shortest = """
        method: {name: fine-tune}
        network: {name: resnet50}
        data: {train: pictures}
        output: runs/first

        """

    @Test func everyDefaultIsWrittenOut() async throws {
        let folder = try ScratchFolder(configuration: Self.shortest)
        let outcome = try await BallastProcess.dryRun(folder)
        #expect(outcome.exitCode == 0)
        #expect(outcome.errors == "")
        let expected = """
            method:
              name: fine-tune
              profile: tllib
            network:
              name: resnet50
              weights: null
              base-width: 64
              stem: standard
              batch-norm: synchronized
            data:
              train: \(folder.url.path)/pictures
              validation: null
              test: null
              classes: null
              sample-rate: 100.0
              samples-per-class: null
              train-transform: none
              validation-transform: none
              image-size: null
              horizontal-flip: false
              mean: null
              std: null
              workers: 1
            optimizer:
              name: sgd
              learning-rate: 0.01
              backbone-factor: 1.0
              momentum: 0.9
              nesterov: true
              weight-decay: 0.0005
            schedule:
              name: multi-step
              milestones: [12]
              gamma: 0.1
              warm-up-steps: 0
            training:
              epochs: 20
              steps-per-epoch: 500
              global-batch: 48
              accumulation: 1
              shuffle: true
              seed: 0
              clip-gradient-norm: null
            communication:
              overlap: auto
              wire-format: float32
              bucket-bytes: null
            checkpoint:
              every-steps: 500
              keep: 3
              on-failure: warn
              timeout-seconds: 600
            initial-state: null
            output: \(folder.url.path)/runs/first

            """
        #expect(outcome.output == expected)
    }

    @Test(arguments: [
        ("tllib", ["trade-off: 0.01", "head-trade-off: 0.01", "scope: all", "weight-decay: 0.0"]),
        ("paper", ["trade-off: 0.1", "head-trade-off: 0.01", "scope: weights", "weight-decay: 0.0"]),
    ])
    func aProfileDecidesTheDefaultsOfL2SP(profile: String, lines: [String]) async throws {
        let folder = try ScratchFolder(configuration: Self.shortest)
        let method = "method={name: l2-sp, profile: \(profile)}"
        let weights = "network.weights=source.safetensors"
        let outcome = try await BallastProcess.dryRun(folder, set: [method, weights])
        for line in lines { #expect(outcome.output.contains("\n  \(line)\n")) }
        // What is given counts, whatever the profile.
        let given = try await BallastProcess.dryRun(
            folder,
            set: [method, weights, "method.scope=all", "method.trade-off=7", "optimizer.weight-decay=3"])
        for line in ["scope: all", "trade-off: 7.0", "weight-decay: 3.0"] {
            #expect(given.output.contains("\n  \(line)\n"))
        }
    }

    /// What belongs to residual networks alone is not written out, and stages have the network's names.
    @Test func anEfficientNetHasItsOwnKeysAndTaps() async throws {
        let folder = try ScratchFolder(configuration: Self.shortest)
        let outcome = try await BallastProcess.dryRun(
            folder,
            set: ["network={name: efficientnet-lite2, weights: /w.safetensors}", "method={name: delta}"])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let expected = """
            network:
              name: efficientnet-lite2
              weights: /w.safetensors
              batch-norm: synchronized
            data:

            """
        #expect(outcome.output.contains(expected), "\(outcome.output)")
        let stages = (0..<7).map { "blocks.\($0)" }
        #expect(outcome.output.contains("  taps: [\(stages.joined(separator: ", "))]\n"))
        // Written out, it reads again as the same.
        let again = try ScratchFolder(configuration: outcome.output)
        #expect(try await BallastProcess.dryRun(again).output == outcome.output)
    }

    @Test(arguments: ["fine-tune", "l2-sp"])
    func theReferenceRunsAreRead(method: String) async throws {
        let name = "trajectory-\(method).yaml"
        let file = BallastProcess.golden.appending(path: name)
        let outcome = try await BallastProcess.run(["train", "--config", file.path, "--dry-run"])
        #expect(outcome.exitCode == 0)
        #expect(outcome.errors == "")
        let folder = BallastProcess.golden.path
        for line in [
            "  name: \(method)", "  base-width: 8", "  train: \(folder)/trajectory-data.safetensors",
            "  weights: \(folder)/source.safetensors", "  validation: none", "  name: constant",
            "  weight-decay: \(method == "l2-sp" ? "0.0" : "0.0005")", "  steps-per-epoch: 6",
            "  shuffle: false",
            "initial-state: \(folder)/trajectory-initial-head.safetensors",
        ] {
            #expect(outcome.output.contains("\(line)\n"), "\(line)")
        }
    }

    @Test func pathsAreRelativeToTheFile() async throws {
        let folder = try ScratchFolder(configuration: Self.shortest)
        let elsewhere = try ScratchFolder()
        let file = folder.url.appending(path: "run.yaml").path
        let assignments = [
            "data.train=./a//b", "data.test=/absolute/test", "data.validation=../v",
            "network.weights=w.safetensors",
            "initial-state=2024", "output='with space: and # \"quotes\"'",
        ]
        let outcome = try await BallastProcess.run(
            ["train", "--config", file, "--dry-run", "--set"] + assignments, in: elsewhere.url)
        let root = folder.url.path
        for line in [
            "  train: \(root)/a/b", "  test: /absolute/test", "  validation: \(root)/../v",
            "  weights: \(root)/w.safetensors", "initial-state: \(root)/2024",
            "output: \"\(root)/with space: and # \\\"quotes\\\"\"",
        ] {
            #expect(outcome.output.contains("\(line)\n"), "\(line)")
        }
    }

    @Test func assignmentsReplaceAndAddInTheirOrder() async throws {
        let folder = try ScratchFolder(configuration: Self.shortest + "training: {epochs: 9, seed: 4}\n")
        let outcome = try await BallastProcess.dryRun(
            folder,
            set: [
                "training.epochs=2", "training.epochs=3", "training.steps-per-epoch=null",
                "schedule.milestones=[1, 2]", "optimizer.learning-rate=1e-5", "network.name=\"resnet18\"",
            ])
        #expect(outcome.exitCode == 0)
        for line in [
            "epochs: 3", "seed: 4", "steps-per-epoch: null", "milestones: [1, 2]", "learning-rate: 1.0e-05",
            "name: resnet18",
        ] {
            #expect(outcome.output.contains("\n  \(line)\n"), "\(line)")
        }
    }

    @Test func numbersAreReadInEveryWayOfWriting() async throws {
        let folder = try ScratchFolder(configuration: Self.shortest)
        let outcome = try await BallastProcess.dryRun(
            folder, set: ["data.mean=[-.5, 1., 1.e-2]", "data.std=[.25, +3, 1E22]", "training.seed=+07"])
        for line in ["mean: [-0.5, 1.0, 0.01]", "std: [0.25, 3.0, 1.0e+22]", "seed: 7"] {
            #expect(outcome.output.contains("\n  \(line)\n"), "\(line)")
        }
    }

    /// Configurations far from the defaults, by the options that lead there.
    static let unusual: [[String]] = [
        [],
        [
            "method={name: l2-sp, profile: paper, trade-off: 0.25}", "network.weights=source.safetensors",
            "schedule={name: cosine, warm-up-steps: 10}",
        ],
        ["data.classes=[5, 0, 3]", "data.samples-per-class=4", "data.validation=none", "data.test=t"],
        ["data.sample-rate=12.5", "data.mean=[0.5]", "data.std=[.25]", "data.image-size=28"],
        ["data.mean=[0.1, -2, 3e-7]", "data.std=[1, 2, 3]", "data.train-transform=pad-crop"],
        [
            "training.seed=18446744073709551615", "training.steps-per-epoch=null",
            "training.clip-gradient-norm=1e-20",
        ],
        ["schedule={name: multi-step, milestones: [], gamma: 1e22}", "network.batch-norm=frozen"],
        [
            "output=\"tab\\tnew\\nline \\u2028 ä 'one' \\\\ two: # \"", "network.weights='no'",
            "data.train='x ~'",
        ],
    ]

    @Test(arguments: unusual)
    func theResolvedConfigurationReadsAgainAsItself(assignments: [String]) async throws {
        let folder = try ScratchFolder(configuration: Self.shortest)
        let first = try await BallastProcess.dryRun(folder, set: assignments)
        #expect(first.exitCode == 0, "\(first.errors)")
        let copy = try ScratchFolder(configuration: first.output)
        let second = try await BallastProcess.dryRun(copy)
        #expect(second.exitCode == 0, "\(second.errors)")
        #expect(second.output == first.output)
    }
}
