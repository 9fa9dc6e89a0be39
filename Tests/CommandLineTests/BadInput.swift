import Testing

/// A command that must fail in a folder of `BadInputFiles`, and how.
struct BadInput: Sendable, CustomTestStringConvertible {
    /// What stands after `ballast`.
    let arguments: [String]
    /// The exit code.
    let exitCode: Int32
    /// A part of the message, from the file or key on.
    let message: String

    var testDescription: String { arguments.dropFirst().joined(separator: " ") }

    /// The good run with a value that spoils it.
    static func train(_ assignment: String, _ exitCode: Int32, _ message: String) -> BadInput {
        BadInput(
            arguments: ["train", "--config", "good.yaml", "--set"]
                + assignment.split(separator: " ").map(String.init),
            exitCode: exitCode, message: message)
    }

    private static func evaluate(
        _ model: String, _ data: String, _ exitCode: Int32, _ message: String, options: [String] = []
    ) -> BadInput {
        BadInput(
            arguments: ["evaluate", "--model", model, "--data", data] + options, exitCode: exitCode,
            message: message)
    }

    /// All that need no trained model.
    static let all = configuration + data + weights + methods + output + models

    private static let configuration = [
        BadInput(
            arguments: ["train", "--config", "missing.yaml"], exitCode: 64,
            message: "missing.yaml: there is no such file"),
        train("data.clases=[0]", 64, "unknown key 'data.clases'; did you mean 'classes'?"),
        train("data.mean=[0.5] data.std=[0.5]", 64, "good.safetensors: holds prepared images"),
        train(
            "method.name=l2-sp network.weights=null", 64,
            "network has no weights, but method 'l2-sp' compares with pretrained weights"),
        train(
            "training.accumulation=3", 64,
            "training.global-batch 4 is not a multiple of training.accumulation 3"
        ),
        train("data.train-transform=pad-crop", 64, "good.safetensors: holds prepared images"),
        train(
            "data.image-size=48", 64,
            "good.safetensors: images have 32 rows and 32 columns, data.image-size is 48"),
    ]

    private static let data = [
        train("data.train=absent.safetensors", 74, "absent.safetensors: cannot be opened"),
        train("data.train=absent-images-idx3-ubyte", 74, "absent-images-idx3-ubyte: cannot be opened"),
        train("data.train=.", 65, "t10k-images-idx3-ubyte.gz: is a gzip file, not JPEG or PNG"),
        train("data.train=words.txt", 65, "words.txt: is of an unknown kind; expected a folder"),
        train(
            "data.train=unlabelled.safetensors", 65, "unlabelled.safetensors: there is no tensor \"labels\""),
        train(
            "data.train=missing-class.safetensors", 65,
            "missing-class.safetensors: class 1 has no training sample"),
        train(
            "data.train=negative-label.safetensors", 65,
            "negative-label.safetensors: the label of sample 2 is -1"),
        train("data.train=grey.safetensors", 65, "grey.safetensors: images have 1 channels; networks take 3"),
        train(
            "data.train=no-number.safetensors", 65,
            "no-number.safetensors: the image of sample 2 holds a value that is not finite"),
        train("data.classes=[0,7]", 65, "good.safetensors: the listed class 7 has no sample"),
        train("data.samples-per-class=3", 65, "good.safetensors: class 0 has 2 samples, 3 were asked for"),
        train(
            "data.validation=large-label.safetensors", 65,
            "large-label.safetensors: sample 2 has label 2, but there are 2 classes, 0 to 1, in the training set"
        ),
        train(
            "data.test=other-size.safetensors", 65,
            "other-size.safetensors: images have size [3, 48, 48], those for training [3, 32, 32]"),
        train(
            "data.train=cut/t10k-images-idx3-ubyte.gz", 65,
            "cut/t10k-labels-idx1-ubyte.gz: the gzip data end after 3000 bytes"),
        train(
            "data.train=flipped/t10k-images-idx3-ubyte.gz", 65,
            "flipped/t10k-labels-idx1-ubyte.gz: the gzip data are damaged near byte"),
    ]

    private static let weights = [
        train("network.weights=absent.safetensors", 74, "absent.safetensors: cannot be opened"),
        train("network.name=resnet50", 65, "source.safetensors: tensor 'layer1.0.conv3.weight' is missing"),
        train(
            "network.base-width=16", 65,
            "source.safetensors: tensor 'conv1.weight' has shape [8, 3, 7, 7], the network needs [16, 3, 7, 7]"
        ),
        train("network.stem=small", 65, "source.safetensors: tensor 'conv1.weight' has shape [8, 3, 7, 7]"),
        BadInput(
            arguments: [
                "train", "--config", "good.yaml", "--set",
                "network={name: efficientnet-lite0, weights: source.safetensors}",
            ], exitCode: 65, message: "source.safetensors: tensor 'conv_stem.weight' is missing"),
        train(
            "network.name=efficientnet-lite0", 64,
            "key 'network.base-width' does not belong to network 'efficientnet-lite0'"),
        train("network.weights=cut.safetensors", 65, "cut.safetensors: "),
        train("network.weights=cut-header.safetensors", 65, "cut-header.safetensors: "),
        train("network.weights=words.txt", 65, "words.txt: "),
        train(
            "method.name=lwf network.weights=no-number-head.safetensors", 65,
            "no-number-head.safetensors: element 3 of tensor 'fc.weight' is nan"),
        train(
            "initial-state=other-head.safetensors", 64,
            "other-head.safetensors: tensor 'head.weight' has shape [5, 64], the new head needs [2, 64]"),
        train(
            "initial-state=source.safetensors", 64, "source.safetensors: tensor 'bn1.bias' is not one that"),
    ]

    private static let methods = [
        train(
            "method.name=lwf method.temperature=0", 64,
            "method.temperature is '0'; expected a number, at least 0.001 and at most 1000000"),
        train(
            "method.name=bi-tuning method.queue-length=0", 64,
            "method.queue-length is '0'; expected a whole number, at least 1 and at most 65536"),
        train(
            "method.name=bss method.singular-values=5", 64,
            "method bss needs batches of at least 5 samples, training.global-batch is 4"),
        train(
            "method.name=bss method.singular-values=65 training.global-batch=80", 64,
            "method.singular-values is 65, the network has only 64 features"),
        train(
            "method.name=bss training.accumulation=2", 64,
            "method bss looks at a batch as a whole: training.accumulation must be 1, not 2"),
        train(
            "method.name=co-tuning method.queue-length=4", 64,
            "key 'method.queue-length' does not belong to method 'co-tuning'"),
        train(
            "method.name=co-tuning network.weights=headless.safetensors", 64,
            "headless.safetensors: method co-tuning needs the linear classifier of the pretrained network"),
        train(
            "method.name=co-tuning method.relationship=reverse", 64,
            "relationship: reverse chooses its regression by a validation split"),
        train(
            "method.name=delta method.attention-file=other-attention.safetensors", 65,
            "other-attention.safetensors: was computed from other samples"),
        train(
            "method.name=delta method.taps=[layer3,layer9]", 64,
            "method.taps is the list [layer3, layer9]; expected a list (each entry one of layer1, layer2,"),
        train(
            "method.name=delta method.attention-file=headless.safetensors", 65,
            "headless.safetensors: has no attention for 'layer1.1.conv2'"),
        train(
            "method.name=bi-tuning initial-state=other-projector.safetensors", 65,
            "tensor 'projector.weight' of the method's state has shape [3, 64], expected [128, 64]"),
    ]

    private static let output = [
        train(
            "output=words.txt/run", 74, "words.txt/run: cannot make the folder of the run: Not a directory"),
        train("output=/proc/nothing", 74, "/proc/nothing: cannot make the folder of the run: No such file"),
        train("optimizer.learning-rate=1e6 training.epochs=5", 70, "training has diverged; lower"),
        train(
            "optimizer.learning-rate=1e6", 70,
            "the model's output for the last batch, after step 1, is "),
    ]

    private static let models = [
        evaluate("absent", "good.safetensors", 74, "absent: cannot be opened"),
        evaluate(".", "good.safetensors", 74, "./model.safetensors: cannot be opened"),
        evaluate("words.txt", "good.safetensors", 65, "words.txt: "),
        evaluate("cut.safetensors", "good.safetensors", 65, "cut.safetensors: "),
        evaluate(
            "source.safetensors", "good.safetensors", 64,
            "source.safetensors: does not say which network it is"),
        evaluate("unknown-network.safetensors", "good.safetensors", 64, "describes a network 'vgg'"),
    ]

    /// Those that need the model of the good run.
    static let evaluation = [
        evaluate("run", "absent.safetensors", 74, "absent.safetensors: cannot be opened"),
        evaluate(
            "run", "other-size.safetensors", 65,
            "other-size.safetensors: images have size [3, 48, 48], the model was trained on [3, 32, 32]"),
        evaluate("run", "grey.safetensors", 65, "grey.safetensors: images have size [1, 32, 32]"),
        evaluate("run", "large-label.safetensors", 65, "large-label.safetensors: sample 2 has label 2"),
        evaluate(
            "run", "good.safetensors", 64, "--classes lists 1 classes, the model has 2",
            options: ["--classes", "0"]),
        evaluate(
            "run", "good.safetensors", 74, "words.txt/list.csv: cannot be written: Not a directory",
            options: ["--predictions", "words.txt/list.csv"]),
    ]
}
