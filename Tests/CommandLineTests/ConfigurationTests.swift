import Foundation
import TestSupport
import Testing

/// How the program reads a configuration: what `--dry-run` prints, and how it ends where something is wrong.
/// `RunsTests` has what a configuration resolves to and every message.
@Suite struct ConfigurationTests {
    static let right = """
        method: {name: fine-tune}
        network: {name: resnet18}
        data: {train: pictures}
        output: out

        """

    @Test func aDryRunPrintsWhatReadsAgainAsItself() async throws {
        let folder = try ScratchFolder(configuration: Self.right)
        let elsewhere = try ScratchFolder()
        let file = folder.url.appending(path: "run.yaml").path
        // Options are taken together or each by itself; paths are relative to the file, and nothing is written.
        let first = try await BallastProcess.run(
            [
                "train", "--config", file, "--dry-run", "--set", "training.epochs=3", "data.test=t", "--set",
                "schedule={name: cosine}",
            ], in: elsewhere.url)
        #expect(first.exitCode == 0)
        #expect(first.errors == "")
        for line in [
            "  epochs: 3", "  train: \(folder.url.path)/pictures", "  test: \(folder.url.path)/t",
            "  name: cosine", "output: \(folder.url.path)/out",
        ] {
            #expect(first.output.contains("\(line)\n"), "\(line)")
        }
        #expect(try folder.names == ["run.yaml"] && elsewhere.names == [])
        let copy = try ScratchFolder(configuration: first.output)
        let second = try await BallastProcess.dryRun(copy)
        #expect(second.exitCode == 0, "\(second.errors)")
        #expect(second.output == first.output)
    }

    @Test(arguments: [
        ("data.clases=[1]", "--set data.clases=[1]: unknown key 'data.clases'; did you mean 'classes'?"),
        (
            "training.epochs=many",
            "--set training.epochs=many: training.epochs is 'many'; expected a whole number, at least 1 and at most 1000000\n"
        ),
        (
            "method.name=l2-sp",
            "run.yaml:2: network has no weights, but method 'l2-sp' compares with pretrained weights; set "
        ),
    ])
    func aMistakeIsOneLineAndExitCode64(assignment: String, message: String) async throws {
        let folder = try ScratchFolder(configuration: Self.right)
        let outcome = try await BallastProcess.dryRun(folder, set: [assignment])
        #expect(outcome.exitCode == 64)
        #expect(outcome.output == "")
        #expect(outcome.errors.hasPrefix("ballast: \(message)"), "\(outcome.errors)")
        #expect(outcome.errors.count { $0 == "\n" } == 1)
    }

    /// A pipe that nobody writes into ends at once, one that somebody does is read.
    @Test(arguments: [("", 64), (right, 0)])
    func pipesAreRead(text: String, code: Int) async throws {
        let folder = try ScratchFolder(configuration: text)
        let path = folder.path + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let outcome = try await BallastProcess.run(
            command: [
                "bash", "-c",
                text.isEmpty
                    ? "exec \"$0\" train --config pipe --dry-run"
                    : "exec \"$0\" train --config <(cat run.yaml) --dry-run", BallastProcess.binary.path,
            ], in: folder.url, environment: [:])
        #expect(Int(outcome.exitCode) == code, "\(outcome.errors)")
        if code == 0 {
            #expect(outcome.output.contains("output: \(folder.url.resolvingSymlinksInPath().path)/"))
        }
    }

    /// What the shell gives as bytes in Latin-1, and a current folder of such a name.
    @Test func namesThatAreNoUTF8AreExplained() async throws {
        let folder = try ScratchFolder(configuration: Self.right)
        let script = """
            d=$(printf 'caf\\xe9'); mkdir "$d"; cp run.yaml "$d"
            "$0" train --config "$d/run.yaml" --dry-run; echo $?
            cd "$d"; "$0" train --config run.yaml --dry-run; echo $?
            """
        let outcome = try await BallastProcess.run(
            command: ["bash", "-c", script, BallastProcess.binary.path], in: folder.url, environment: [:])
        #expect(outcome.output == "64\n64\n")
        #expect(
            outcome.errors.contains("'caf\\xE9/run.yaml': this argument is not UTF-8"), "\(outcome.errors)")
        #expect(outcome.errors.contains("run.yaml: the name of the current folder is not UTF-8"))
    }

    @Test func filesThatCannotBeReadAreNamed() async throws {
        let folder = try ScratchFolder(configuration: Self.right)
        try Data([0x61, 0xFF, 0xFE]).write(to: folder.url.appending(path: "bytes.yaml"))
        for (file, message) in [
            ("missing.yaml", "there is no such file"), (".", "is a folder; expected a YAML file"),
            ("bytes.yaml", "is not text in UTF-8"),
        ] {
            let outcome = try await BallastProcess.run(
                ["train", "--config", file, "--dry-run"], in: folder.url)
            #expect(outcome.exitCode == 64)
            #expect(outcome.output == "")
            #expect(outcome.errors == "ballast: \(file): \(message)\n")
        }
    }

    @Test(arguments: [
        ["train"], ["train", "--config"], ["train", "--config", "run.yaml", "--fast"], ["trian"],
    ])
    func wrongUseOfTheCommandLineExitsWith64(arguments: [String]) async throws {
        let folder = try ScratchFolder(configuration: Self.right)
        let outcome = try await BallastProcess.run(arguments, in: folder.url)
        #expect(outcome.exitCode == 64)
        #expect(outcome.errors.contains("Usage: ballast"), "\(outcome.errors)")
    }
}
