import Runs
import TestSupport
import Testing

/// Every number of a configuration has two ends, and what lies beyond is named with its key and the range.
@Suite struct ConfigurationBoundsTests {
    private static let text = """
        method: {name: METHOD}
        network: {name: resnet18, weights: w.safetensors}
        data: {train: d}
        output: out

        """

    /// A key with the method, and other settings, that it belongs to.
    static let keys: [(key: String, method: String, others: [String])] =
        [
            "training.epochs", "training.steps-per-epoch", "training.global-batch", "training.accumulation",
            "training.seed", "training.clip-gradient-norm", "optimizer.learning-rate",
            "optimizer.backbone-factor",
            "optimizer.weight-decay", "optimizer.momentum", "schedule.warm-up-steps", "schedule.gamma",
            "checkpoint.every-steps", "checkpoint.keep", "checkpoint.timeout-seconds",
            "communication.bucket-bytes",
            "data.workers", "data.cache-bytes", "data.image-size", "data.color-jitter", "data.sample-rate",
            "data.samples-per-class", "network.base-width",
        ].map { ($0, "fine-tune", []) } + [
            ("optimizer.epsilon", "fine-tune", ["optimizer.name=adamw"]), ("method.trade-off", "l2-sp", []),
            ("method.head-trade-off", "delta", []), ("method.temperature", "lwf", []),
            ("method.warm-up-epochs", "lwf", []), ("method.queue-length", "bi-tuning", []),
            ("method.key-momentum", "bi-tuning", []), ("method.projection-dimension", "bi-tuning", []),
            ("method.source-logit-scale", "co-tuning", []), ("method.singular-values", "bss", []),
        ]

    /// Numbers near what types hold, and what is no decimal number.
    static let extremes = [
        "18446744073709551616", "99999999999999999999999999", "-9223372036854775808", "-1", "1e308", "1e999",
        "-1e308",
        ".inf", "-.inf", ".nan", "nan", "0x10", "0o17", "1_000", "1:30", "\"3\"", "[1]", "{}", "true", "9e99",
    ]

    @Test(arguments: keys.indices)
    func extremesAreNamed(index: Int) throws {
        let (key, method, others) = Self.keys[index]
        let text = Self.text.replacing("METHOD", with: method)
        for value in Self.extremes {
            let error = #expect(throws: ConfigurationError.self, "\(key)=\(value)") {
                try RunConfiguration(
                    text: text, file: "run.yaml", directory: "/", assignments: others + ["\(key)=\(value)"])
            }
            let problem = error?.problem ?? ""
            #expect(error?.exitCode == 64 && problem.hasPrefix("\(key) is "), "\(key)=\(value): \(problem)")
            #expect(problem.contains("at least ") || problem.contains("greater than "), "\(problem)")
            #expect(problem.contains(" and at most ") || problem.contains(" and less than "), "\(problem)")
        }
    }

    @Test(arguments: ["9223372036854775807", "1000000000000"])
    func numbersThatFitIntoAnIntegerAreBoundedToo(value: String) {
        for (key, method, others) in Self.keys where key != "training.seed" {
            let text = Self.text.replacing("METHOD", with: method)
            // A few ranges go that far.
            if value == "1000000000000", key == "data.cache-bytes" || key == "training.clip-gradient-norm" {
                continue
            }
            #expect(throws: ConfigurationError.self, "\(key)") {
                try RunConfiguration(
                    text: text, file: "run.yaml", directory: "/", assignments: others + ["\(key)=\(value)"])
            }
        }
    }

    @Test(arguments: [
        ("data.mean=[1e308]", "data.mean"), ("data.std=[0]", "data.std"), ("data.std=[1e-320]", "data.std"),
        ("optimizer={name: adamw, betas: [0.9, 1e308]}", "optimizer.betas"),
        ("schedule.milestones=[9223372036854775807]", "schedule.milestones"),
        ("data.classes=[99999999999999999999]", "data.train"),
    ])
    func listsAreBounded(assignment: String, key: String) {
        let text = Self.text.replacing("METHOD", with: "fine-tune")
        // A class may be called by any name, also one of twenty digits.
        guard key != "data.train" else {
            #expect(throws: Never.self) {
                try RunConfiguration(text: text, file: "run.yaml", directory: "/", assignments: [assignment])
            }
            return
        }
        let error = #expect(throws: ConfigurationError.self) {
            try RunConfiguration(text: text, file: "run.yaml", directory: "/", assignments: [assignment])
        }
        #expect(error?.problem.hasPrefix("\(key) is the list") == true, "\(String(describing: error))")
    }
}

/// YAML that is small as text and large in memory, or deep.
@Suite struct YAMLLimitsTests {
    private func problem(_ text: String, assignments: [String] = []) -> String? {
        do {
            _ = try RunConfiguration(text: text, file: "run.yaml", directory: "/", assignments: assignments)
            return nil
        } catch {
            #expect((error as? ConfigurationError)?.exitCode == 64)
            #expect("\(error)".utf8.count < 2000)
            return "\(error)"
        }
    }

    /// Each line stands for nine of the line before: 9⁹ values.
    @Test func aliasesThatMultiplyAreRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(problem(text)?.contains("more than 16 aliases") == true)
        #expect(problem("", assignments: ["data=\(text)"])?.contains("more than 16 aliases") == true)
    }

    /// Few aliases of a long list.
    @Test func aliasesOfLongListsAreBounded() {
        let long = Array(repeating: "x", count: 100_000).joined(separator: ", ")
        #expect(problem("a: &a [\(long)]\nb: [*a, *a, *a]\n")?.contains("more than 200000 values") == true)
    }

    @Test func someAliasesAreTaken() throws {
        let text = """
            method: {name: fine-tune}
            network: {name: resnet18}
            data: {train: &path d, validation: *path}
            output: out
            """
        #expect(problem(text) == nil)
    }

    @Test func depthIsBounded() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
            (0..<900).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
            "a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
        ] {
            #expect(problem(text) != nil)
        }
        #expect(problem("", assignments: ["a" + String(repeating: ".a", count: 20_000) + "=1"]) != nil)
    }

    /// What stands in a message of a key or a value is short and moves no cursor.
    @Test func messagesArePrintable() {
        let long = String(repeating: "k", count: 100_000)
        for text in [
            "\"\\e[2J\\u202e\": 1", "\(long): 1", "method: \"\\e]0;x\\a\"",
            "method: {name: \"\\e[2J\(long)\"}",
        ] {
            let problem = problem(text) ?? ""
            #expect(!problem.isEmpty && problem.utf8.count < 600, "\(problem.utf8.count) bytes")
            #expect(!problem.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{7}" || $0 == "\u{202E}" })
        }
    }
}

/// What cannot fit into memory is told before it is allocated.
@Suite struct MemoryCheckTests {
    private let gigabyte = MemoryCheck(memory: 1 << 30)

    @Test func usualRunsFit() throws {
        try MemoryCheck(memory: 8 << 30).requireStep(
            NetworkConfiguration(name: .resnet50), classCount: 200, imageShape: [3, 224, 224], images: 48,
            remedy: "")
        try gigabyte.requireStep(
            NetworkConfiguration(name: .resnet18, baseWidth: 8, stem: .small), classCount: 10,
            imageShape: [3, 28, 28],
            images: 256, remedy: "")
    }

    @Test func whatCannotFitIsNamed() throws {
        let network = NetworkConfiguration(name: .resnet50)
        let wide = #expect(throws: UsageError.self) {
            try gigabyte.require(NetworkConfiguration(name: .resnet18, baseWidth: 1024), classCount: 10)
        }
        #expect(wide?.exitCode == 64 && wide?.description.contains("base width 1024") == true)
        #expect(throws: UsageError.self) { try gigabyte.require(network, classCount: 1_000_000) }
        for (images, side) in [(1000, 224), (1, 16384), (1_000_000, 28)] {
            let error = #expect(throws: UsageError.self) {
                try gigabyte.requireStep(
                    network, classCount: 10, imageShape: [3, side, side], images: images, remedy: "set less")
            }
            #expect(
                error?.description.hasSuffix("of 1 GiB; set less") == true, "\(String(describing: error))")
        }
    }

    /// Where blocks are computed again, only their outputs are kept: 22 of 97 numbers a pixel in a ResNet-50.
    @Test func recomputationTakesLess() throws {
        let network = NetworkConfiguration(name: .resnet50)
        func require(_ recomputation: Recomputation, images: Int) throws {
            try gigabyte.requireStep(
                network, classCount: 10, imageShape: [3, 224, 224], images: images,
                recomputation: recomputation, remedy: "")
        }
        #expect(throws: UsageError.self) { try require(.none, images: 20) }
        try require(.stages, images: 20)
        #expect(throws: UsageError.self) { try require(.stages, images: 100) }
    }

    /// As many ranks as a host has share its memory.
    @Test func ranksShareMemory() throws {
        let network = NetworkConfiguration(name: .resnet18)
        try gigabyte.require(network, classCount: 1000)
        #expect(throws: UsageError.self) {
            try MemoryCheck(memory: 1 << 30, rankCount: 100).require(network, classCount: 1000)
        }
    }

    /// 44.7 MB of a ResNet-18's parameters, and once more for the rank that reads them.
    @Test func readingWeightsTakesThemTwice() throws {
        let network = NetworkConfiguration(name: .resnet18)
        let check = MemoryCheck(memory: 130_000_000, rankCount: 2)
        try check.require(network, classCount: 10)
        let error = #expect(throws: UsageError.self) {
            try check.require(network, classCount: 10, readsWeights: true)
        }
        #expect(
            error?.description.contains(
                "for each of the 2 ranks of this host and 42.6 MiB while its weights are read, of 124 MiB")
                == true, "\(String(describing: error))")
        try MemoryCheck(memory: 140_000_000, rankCount: 2).require(
            network, classCount: 10, readsWeights: true)
    }
}
