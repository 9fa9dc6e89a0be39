import Foundation
import Runs
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

    /// The resolved text of a configuration that stands in `/folder`.
    private static func yaml(_ text: String = shortest, set assignments: [String] = []) throws -> String {
        try RunConfiguration(
            text: text, file: "run.yaml", directory: "/folder", assignments: assignments
        ).yaml()
    }

    @Test func everyDefaultIsWrittenOut() throws {
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
              head-initialization: normal
            data:
              train: /folder/pictures
              validation: null
              test: null
              classes: null
              class-names: null
              on-error: stop
              apply-exif-orientation: false
              sample-rate: 100.0
              samples-per-class: null
              train-transform: null
              validation-transform: null
              image-size: null
              interpolation: bilinear
              horizontal-flip: null
              color-jitter: 0.0
              reduced-decoding: false
              mean: null
              std: null
              workers: 1
              cache-bytes: 0
              local: false
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
              precision: float32
              recompute: none
              epochs: 20
              steps-per-epoch: 500
              global-batch: 48
              accumulation: 1
              shuffle: true
              seed: 0
              clip-gradient-norm: null
              best-by: accuracy
            communication:
              overlap: auto
              topology: auto
              wire-format: float32
              bucket-bytes: null
            checkpoint:
              every-steps: 500
              keep: 3
              on-failure: warn
              timeout-seconds: 600
            initial-state: null
            output: /folder/runs/first

            """
        #expect(try Self.yaml() == expected)
    }

    @Test(arguments: [
        ("tllib", ["trade-off: 0.01", "head-trade-off: 0.01", "scope: all", "weight-decay: 0.0"]),
        ("paper", ["trade-off: 0.1", "head-trade-off: 0.01", "scope: weights", "weight-decay: 0.0"]),
    ])
    func aProfileDecidesTheDefaultsOfL2SP(profile: String, lines: [String]) throws {
        let method = "method={name: l2-sp, profile: \(profile)}"
        let weights = "network.weights=source.safetensors"
        let output = try Self.yaml(set: [method, weights])
        for line in lines { #expect(output.contains("\n  \(line)\n")) }
        // What is given counts, whatever the profile.
        let given = try Self.yaml(set: [
            method, weights, "method.scope=all", "method.trade-off=7", "optimizer.weight-decay=3",
        ])
        for line in ["scope: all", "trade-off: 7.0", "weight-decay: 3.0"] {
            #expect(given.contains("\n  \(line)\n"))
        }
    }

    /// What belongs to residual networks alone is not written out, and stages have the network's names.
    @Test func anEfficientNetHasItsOwnKeysAndTaps() throws {
        let output = try Self.yaml(set: [
            "network={name: efficientnet-lite2, weights: /w.safetensors}", "method={name: delta}",
        ])
        let expected = """
            network:
              name: efficientnet-lite2
              weights: /w.safetensors
              batch-norm: synchronized
              head-initialization: normal
            data:

            """
        #expect(output.contains(expected), "\(output)")
        let stages = (0..<7).map { "blocks.\($0)" }
        #expect(output.contains("  taps: [\(stages.joined(separator: ", "))]\n"))
        // Written out, it reads again as the same.
        #expect(try Self.yaml(output) == output)
    }

    @Test(arguments: ["fine-tune", "l2-sp"])
    func theReferenceRunsAreRead(method: String) throws {
        let file = goldenPath("trajectory-\(method).yaml")
        let output = try RunConfiguration(file: file).yaml()
        let folder = String(file[..<(try #require(file.lastIndex(of: "/")))])
        for line in [
            "  name: \(method)", "  base-width: 8", "  train: \(folder)/trajectory-data.safetensors",
            "  weights: \(folder)/source.safetensors", "  validation: none", "  name: constant",
            "  weight-decay: \(method == "l2-sp" ? "0.0" : "0.0005")", "  steps-per-epoch: 6",
            "  shuffle: false",
            "initial-state: \(folder)/trajectory-initial-head.safetensors",
        ] {
            #expect(output.contains("\(line)\n"), "\(line)")
        }
    }

    @Test func pathsAreRelativeToTheFile() throws {
        let output = try Self.yaml(set: [
            "data.train=./a//b", "data.test=/absolute/test", "data.validation=../v",
            "network.weights=w.safetensors",
            "initial-state=2024", "output='with space: and # \"quotes\"'",
        ])
        for line in [
            "  train: /folder/a/b", "  test: /absolute/test", "  validation: /folder/../v",
            "  weights: /folder/w.safetensors", "initial-state: /folder/2024",
            "output: \"/folder/with space: and # \\\"quotes\\\"\"",
        ] {
            #expect(output.contains("\(line)\n"), "\(line)")
        }
    }

    @Test func assignmentsReplaceAndAddInTheirOrder() throws {
        let output = try Self.yaml(
            Self.shortest + "training: {epochs: 9, seed: 4}\n",
            set: [
                "training.epochs=2", "training.epochs=3", "training.steps-per-epoch=null",
                "schedule.milestones=[1, 2]", "optimizer.learning-rate=1e-5", "network.name=\"resnet18\"",
            ])
        for line in [
            "epochs: 3", "seed: 4", "steps-per-epoch: null", "milestones: [1, 2]", "learning-rate: 1.0e-05",
            "name: resnet18",
        ] {
            #expect(output.contains("\n  \(line)\n"), "\(line)")
        }
    }

    @Test func numbersAreReadInEveryWayOfWriting() throws {
        let output = try Self.yaml(set: [
            "data.mean=[-.5, 1., 1.e-2]", "data.std=[.25, +3, 1E5]", "training.seed=+07",
        ])
        for line in ["mean: [-0.5, 1.0, 0.01]", "std: [0.25, 3.0, 100000.0]", "seed: 7"] {
            #expect(output.contains("\n  \(line)\n"), "\(line)")
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
            "data.train-transform=inception-crop", "data.validation-transform=resize",
            "data.interpolation=bicubic", "data.horizontal-flip=false", "data.color-jitter=0.25",
            "data.reduced-decoding=true",
        ],
        [
            "training.seed=18446744073709551615", "training.steps-per-epoch=null",
            "training.clip-gradient-norm=1e-20", "training.best-by=mean-class-accuracy",
        ],
        ["schedule={name: multi-step, milestones: [], gamma: 1e-22}", "network.batch-norm=frozen"],
        ["network.weights=w", "network.head-initialization=linear-probe", "training.best-by=loss"],
        ["training.precision=bfloat16"], ["training.precision=auto"], ["training.recompute=stages"],
        [
            "output=\"tab\\tnew\\nline \\u2028 ä 'one' \\\\ two: # \"", "network.weights='no'",
            "data.train='x ~'",
        ],
    ]

    @Test(arguments: unusual)
    func theResolvedConfigurationReadsAgainAsItself(assignments: [String]) throws {
        let first = try RunConfiguration(
            text: Self.shortest, file: "run.yaml", directory: "/folder", assignments: assignments)
        let second = try RunConfiguration(text: first.yaml(), file: "copy.yaml", directory: "/elsewhere")
        #expect(second == first)
        #expect(second.yaml() == first.yaml())
    }

    /// Comments stand before the rest, a line each, and are no part of it.
    @Test func commentsAreLinesOfTheirOwn() throws {
        let configuration = try RunConfiguration(text: Self.shortest, file: "run.yaml", directory: "/")
        let text = configuration.yaml(comments: ["ranks: 2", "two\nlines"])
        #expect(text.hasPrefix("# ranks: 2\n# two\n# lines\nmethod:\n"))
        #expect(try RunConfiguration(text: text, file: "run.yaml", directory: "/") == configuration)
    }
}
