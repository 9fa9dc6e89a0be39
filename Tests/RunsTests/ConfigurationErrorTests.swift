import Runs
import Testing

/// What a configuration that is wrong is answered with: an error of exit code 64 whose line names the place, what was
/// found, and what was expected.
@Suite struct ConfigurationErrorTests {
    /// A configuration to spoil; `network` is line 3, `data` line 5, `training` line 8.
    static let right = """
        method:
          name: l2-sp
        network:
          name: resnet18
        data:
          train: pictures
          workers: 2
        training:
          epochs: 3
        output: out

        """

    /// A line of the configuration, what takes its place, and the message.
    static let spoiled: [(line: String, replacement: String, message: String)] = [
        // Unknown keys.
        (
            "  workers: 2", "  clases: [1]",
            """
            run.yaml:7: unknown key 'data.clases'; did you mean 'classes'? keys here: train, validation, test, \
            classes, class-names, on-error, apply-exif-orientation, sample-rate, samples-per-class, \
            train-transform, validation-transform, image-size, interpolation, horizontal-flip, color-jitter, \
            reduced-decoding, mean, std, workers, cache-bytes, local
            """
        ),
        (
            "output: out", "output: out\ncolour: red",
            """
            run.yaml:11: unknown key 'colour'; keys here: method, network, data, optimizer, schedule, training, \
            communication, checkpoint, initial-state, output
            """
        ),
        (
            "output: out", "output: out\ncheckpoint: {keep: 0}",
            "run.yaml:11: checkpoint.keep is '0'; expected a whole number, at least 1 and at most 100000"
        ),
        // Keys of another method or schedule.
        (
            "  name: l2-sp", "  name: l2-sp\n  queue-length: 40",
            """
            run.yaml:3: key 'method.queue-length' does not belong to method 'l2-sp'; keys of l2-sp: name, profile, \
            trade-off, head-trade-off, scope
            """
        ),
        (
            "  name: l2-sp", "  name: fine-tune\n  trade-off: 1",
            """
            run.yaml:3: key 'method.trade-off' does not belong to method 'fine-tune'; keys of fine-tune: name, profile
            """
        ),
        (
            "output: out", "output: out\nschedule: {name: cosine, gamma: 0.5}",
            """
            run.yaml:11: key 'schedule.gamma' does not belong to schedule 'cosine'; keys of \
            cosine: name, warm-up-steps
            """
        ),
        // Keys of another network.
        (
            "  name: resnet18", "  name: efficientnet-lite0\n  stem: small",
            """
            run.yaml:5: key 'network.stem' does not belong to network 'efficientnet-lite0'; keys of \
            efficientnet-lite0: name, weights, batch-norm, head-initialization
            """
        ),
        (
            "  name: resnet18", "  name: efficientnet-lite4\n  base-width: 64",
            """
            run.yaml:5: key 'network.base-width' does not belong to network 'efficientnet-lite4'; keys of \
            efficientnet-lite4: name, weights, batch-norm, head-initialization
            """
        ),
        // A regression on features that nobody learned.
        (
            "  name: resnet18", "  name: resnet18\n  head-initialization: linear-probe",
            "run.yaml:5: network.head-initialization is linear-probe, a regression on pretrained features; set network.weights to a file, or leave it out"
        ),
        // Names that do not exist.
        (
            "  name: l2-sp", "  name: stoch-norm",
            "run.yaml:2: method.name is 'stoch-norm'; expected one of fine-tune, linear-probe, l2-sp, delta, lwf, co-tuning, bi-tuning, bss"
        ),
        (
            "  name: resnet18", "  name: vgg",
            """
            run.yaml:4: network.name is 'vgg'; expected one of resnet18, resnet34, resnet50, resnet101, resnet152, \
            resnext50-32x4d, wide-resnet50-2, mobilenet-v2, efficientnet-lite0, efficientnet-lite1, \
            efficientnet-lite2, efficientnet-lite3, efficientnet-lite4
            """
        ),
        // Wrong types.
        (
            "  epochs: 3", "  epochs: many",
            "run.yaml:9: training.epochs is 'many'; expected a whole number, at least 1 and at most 1000000"
        ),
        (
            "  epochs: 3", "  epochs: '3'",
            "run.yaml:9: training.epochs is '3'; expected a whole number, at least 1 and at most 1000000"
        ),
        (
            "  epochs: 3", "  epochs: 3.0",
            "run.yaml:9: training.epochs is '3.0'; expected a whole number, at least 1 and at most 1000000"
        ),
        (
            "  epochs: 3", "  epochs:",
            "run.yaml:9: training.epochs is null; expected a whole number, at least 1 and at most 1000000"
        ),
        ("  epochs: 3", "  shuffle: yes", "run.yaml:9: training.shuffle is 'yes'; expected true or false"),
        (
            "  workers: 2", "  workers: [1, 2]",
            "run.yaml:7: data.workers is the list [1, 2]; expected a whole number, at least 1 and at most 1024"
        ),
        (
            "  train: pictures", "  train: {a: 1}",
            "run.yaml:6: data.train is a mapping with the keys a; expected a path, written out ('~' is not expanded)"
        ),
        (
            "  train: pictures", "  train: ~/pictures",
            "run.yaml:6: data.train is '~/pictures'; expected a path, written out ('~' is not expanded)"
        ),
        (
            "output: out", "output: out\noptimizer: sgd",
            "run.yaml:11: optimizer is 'sgd'; expected a mapping of keys to values"
        ),
        // Values out of range.
        (
            "  epochs: 3", "  epochs: 0",
            "run.yaml:9: training.epochs is '0'; expected a whole number, at least 1 and at most 1000000"
        ),
        (
            "  epochs: 3", "  seed: -1",
            "run.yaml:9: training.seed is '-1'; expected a whole number, at least 0 and at most 18446744073709551615"
        ),
        (
            "  epochs: 3", "  clip-gradient-norm: 0",
            "run.yaml:9: training.clip-gradient-norm is '0'; expected a number, greater than 0 and at most 1000000000000"
        ),
        (
            "output: out", "output: out\noptimizer: {name: adamw, momentum: 0.9}",
            "run.yaml:11: key 'optimizer.momentum' does not belong to optimizer 'adamw'; keys of adamw: name, "
                + "betas, epsilon, learning-rate, backbone-factor, weight-decay"
        ),
        (
            "output: out", "output: out\noptimizer: {momentum: 1}",
            "run.yaml:11: optimizer.momentum is '1'; expected a number, at least 0 and less than 1"
        ),
        (
            "output: out", "output: out\noptimizer: {learning-rate: .inf}",
            "run.yaml:11: optimizer.learning-rate is '.inf'; expected a number, greater than 0 and at most 1000000"
        ),
        (
            "output: out", "output: out\noptimizer: {learning-rate: 1e999}",
            "run.yaml:11: optimizer.learning-rate is '1e999'; expected a number, greater than 0 and at most 1000000"
        ),
        (
            "  workers: 2", "  sample-rate: 100.5",
            "run.yaml:7: data.sample-rate is '100.5'; expected a number, greater than 0 and at most 100"
        ),
        (
            "  workers: 2", "  classes: [1, 1]",
            """
            run.yaml:7: data.classes is the list [1, 1]; expected a list (each entry a label from 0 on, or the name of \
            a class), not empty and without repetition
            """
        ),
        (
            "output: out", "output: out\nschedule: {milestones: [3, 2]}",
            """
            run.yaml:11: schedule.milestones is the list [3, 2]; expected a list (each entry a whole number, at \
            least 1 and at most 1000000000), ascending
            """
        ),
        (
            "  workers: 2", "  mean: [0.5, 0.5]",
            """
            run.yaml:7: data.mean is the list [0.5, 0.5]; expected a list (each entry a number, at \
            least -1000000 and at most 1000000), with one or three entries
            """
        ),
        // Values that do not go together.
        (
            "  workers: 2", "  sample-rate: 50\n  samples-per-class: 5",
            "run.yaml:8: data.samples-per-class is given beside data.sample-rate; give one of the two"
        ),
        (
            "  workers: 2", "  std: [0.5]",
            "run.yaml:7: data.std is given without data.mean; give both or neither"
        ),
        (
            "  workers: 2", "  mean: [0.5]",
            "run.yaml:7: data.mean is given without data.std; give both or neither"
        ),
        (
            "  workers: 2", "  mean: [0.5]\n  std: [1, 1, 1]",
            "run.yaml:8: data.std has 3 entries and data.mean 1; expected as many"
        ),
        (
            "  epochs: 3", "  epochs: 4",
            """
            run.yaml:4: network has no weights, but method 'l2-sp' compares with pretrained weights; set \
            network.weights to a file, or method.name to fine-tune
            """
        ),
        // Keys that are missing or there twice.
        (
            "  train: pictures", "  trian: pictures",
            """
            run.yaml:6: key 'data.train' is missing; expected a path, written out ('~' is not expanded); was it \
            meant by 'trian' (run.yaml:6)?
            """
        ),
        (
            "data:", "dta:",
            """
            run.yaml:1: key 'data.train' is missing; expected a path, written out ('~' is not expanded); was it \
            meant by 'dta' (run.yaml:5)?
            """
        ),
        (
            "output: out", "",
            "run.yaml:1: key 'output' is missing; expected a path, written out ('~' is not expanded)"
        ),
        (
            "  name: resnet18", "",
            """
            run.yaml:3: key 'network.name' is missing; expected one of resnet18, resnet34, resnet50, resnet101, resnet152, \
            resnext50-32x4d, wide-resnet50-2, mobilenet-v2, efficientnet-lite0, efficientnet-lite1, \
            efficientnet-lite2, efficientnet-lite3, efficientnet-lite4
            """
        ),
        (
            "  epochs: 3", "  epochs: 3\n  epochs: 4",
            "run.yaml:9: duplicate key 'epochs': it stands here and again further down"
        ),
        (
            "output: out", "output:",
            "run.yaml:10: output is null; expected a path, written out ('~' is not expanded)"
        ),
        // Text that is not a configuration.
        (
            "  epochs: 3", "\tepochs: 3",
            "run.yaml:9: a tab stands before the text of this line; YAML indents by spaces alone"
        ),
        (
            "  workers: 2", "\tworkers: 2",
            "run.yaml:7: a tab stands before the text of this line; YAML indents by spaces alone"
        ),
        (
            "  epochs: 3", "  epochs: [3",
            "run.yaml:10: this is not YAML: while parsing a flow sequence: did not find expected ',' or ']'"
        ),
        (
            "output: out", "output: out\n---\noutput: out",
            """
            run.yaml:11: this is not YAML: expected a single document in the stream: but found another document
            """
        ),
    ]

    /// The error that reading ends with; a configuration that is read is a failed expectation.
    static func error(_ text: String, set assignments: [String] = []) -> ConfigurationError? {
        #expect(throws: ConfigurationError.self) {
            try RunConfiguration(
                text: text, file: "run.yaml", directory: "/folder", assignments: assignments)
        }
    }

    @Test(arguments: spoiled.indices)
    func aMistakeInTheFileIsNamedWithItsLine(index: Int) throws {
        let (line, replacement, message) = Self.spoiled[index]
        let text = Self.right.replacing("\(line)\n", with: replacement.isEmpty ? "" : "\(replacement)\n")
        try #require(text != Self.right)
        let error = try #require(Self.error(text))
        #expect(error.description == message)
        #expect(error.exitCode == 64)
    }

    @Test(arguments: ["", "# nothing but a remark\n", "null\n"])
    func anEmptyFileMissesItsFirstKey(text: String) throws {
        let error = try #require(Self.error(text))
        #expect(error.description.contains("key 'method.name' is missing"), "\(error)")
    }

    @Test func textThatIsNoMappingIsRefused() throws {
        let error = try #require(Self.error("just words\n"))
        #expect(
            error.description
                == "run.yaml:1: the configuration is 'just words'; expected a mapping of keys to values")
    }
}
