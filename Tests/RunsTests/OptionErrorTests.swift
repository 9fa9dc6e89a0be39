import Runs
import Testing

/// What a value that is wrong on the command line is answered with, and which word was probably meant.
@Suite struct OptionErrorTests {
    @Test(arguments: [
        ("training.epochs", "has no '='; expected key.path=value"),
        ("=3", "has an empty key before the '='; expected key.path=value"),
        ("training..epochs=3", "has an empty key before the '='; expected key.path=value"),
        ("training.epochs.x=3", "training.epochs is '3' and has no keys"),
        (
            "training.epochs=many",
            "training.epochs is 'many'; expected a whole number, at least 1 and at most 1000000"
        ),
        (
            "training.epochs=[1",
            "this is not YAML: while parsing a flow sequence: did not find expected ',' or ']'"
        ),
        ("data.class=[1]", "unknown key 'data.class'; did you mean 'classes'? keys here: "),
        (
            "communication.wire=half",
            "unknown key 'communication.wire'; keys here: overlap, topology, wire-format"
        ),
        (
            "communication.topology=ring",
            "communication.topology is 'ring'; expected one of auto, flat, two-level"
        ),
        (
            "communication.overlap=always",
            "communication.overlap is 'always'; expected one of auto, none, polling, thread"
        ),
        (
            "method={name: delta, taps: [layer4, layer5]}",
            """
            method.taps is the list [layer4, layer5]; expected a list (each entry one of layer1, layer2, layer3, \
            layer4), not empty and without repetition
            """
        ),
        ("checkpoint.kept=3", "unknown key 'checkpoint.kept'; did you mean 'keep'?"),
    ])
    func aMistakeInAnOptionIsNamedWithTheOption(assignment: String, message: String) throws {
        let error = try #require(
            ConfigurationErrorTests.error(ConfigurationErrorTests.right, set: [assignment]))
        #expect(error.description.hasPrefix("--set \(assignment): \(message)"), "\(error)")
    }

    /// Words for nothing, as YAML and people write them, and names that are nearly right.
    @Test(arguments: [
        ("data.validation=no", "data.validation is 'no'; expected none, or a path", "; did you mean none?"),
        ("data.validation=false", "data.validation is 'false'; expected none, or", "; did you mean none?"),
        ("data.validation=off", "data.validation is 'off'; expected none, or", "; did you mean none?"),
        ("data.validation=None", "data.validation is 'None'; expected none, or", "; did you mean none?"),
        ("data.validation=yes", "data.validation is 'yes'; expected none, or", "is not expanded)"),
        ("data.test=none", "data.test is 'none'; expected a path", "; did you mean null?"),
        ("network.weights=no", "network.weights is 'no'; expected a path", "; did you mean null?"),
        ("initial-state=off", "initial-state is 'off'; expected a path", "; did you mean null?"),
        ("output=none", "output is 'none'; expected a path", "is not expanded)"),
        (
            "data.train-transform=no", "data.train-transform is 'no'; expected one of none",
            "did you mean none?"
        ),
        (
            "data.validation-transform=false", "data.validation-transform is 'false'; expected",
            "; did you mean none?"
        ),
        (
            "communication.overlap=null", "communication.overlap is null; expected one of",
            "; did you mean none?"
        ),
        (
            "communication.overlap=Off", "communication.overlap is 'Off'; expected one of",
            "; did you mean none?"
        ),
        (
            "checkpoint.every-steps=never", "checkpoint.every-steps is 'never'; expected",
            "; did you mean null?"
        ),
        ("training.clip-gradient-norm=none", "training.clip-gradient-norm is 'none'", "; did you mean null?"),
        (
            "network.name=ResNet-18", "network.name is 'ResNet-18'; expected one of",
            "; did you mean resnet18?"
        ),
        ("method.name=bituning", "method.name is 'bituning'; expected one of", "; did you mean bi-tuning?"),
        (
            "method={name: co-tuning, source-logit-scale: 0.5}",
            "method.source-logit-scale is of no use with relationship", ": direct"
        ),
    ])
    func aWordForAnotherOneIsGuessed(assignment: String, start: String, end: String) throws {
        let error = try #require(
            ConfigurationErrorTests.error(ConfigurationErrorTests.right, set: [assignment]))
        #expect(error.problem.hasPrefix(start) && error.problem.hasSuffix(end), "\(error)")
        #expect(error.exitCode == 64)
    }

    /// Whoever has a file of such a name says so.
    @Test(arguments: ["./no", "'no'", "\"off\"", "/data/none"])
    func aFileMayHaveSuchAName(path: String) throws {
        #expect(throws: Never.self) {
            try RunConfiguration(
                text: ConfigurationErrorTests.right.replacing("name: l2-sp", with: "name: fine-tune"),
                file: "run.yaml",
                directory: "/folder", assignments: ["data.validation=\(path)", "data.test=\(path)"])
        }
    }

    /// The taps are the stages of the network, wherever the section `network` stands.
    @Test(arguments: ["[layer4]", "[blocks.7]", "[blocks.0, blocks.0]", "[]"])
    func tapsAreTheStagesOfTheNetwork(taps: String) throws {
        let error = try #require(
            ConfigurationErrorTests.error(
                ConfigurationErrorTests.right,
                set: [
                    "network={name: efficientnet-lite1, weights: w}", "method={name: delta, taps: \(taps)}",
                ]))
        let stages = (0..<7).map { "blocks.\($0)" }.joined(separator: ", ")
        #expect(
            error.problem.hasPrefix(
                "method.taps is the list \(taps); expected a list (each entry one of \(stages)), not empty and"
            ),
            "\(error)")
    }
}
