import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// What is written arrives or is an error, and takes the place of nothing that somebody else wrote.
    @Suite(.serialized) struct OutputTests {
        private static let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
        private static let weights = BallastProcess.golden.appending(path: "source.safetensors").path

        private static func golden(_ method: String) -> String {
            BallastProcess.golden.appending(path: "trajectory-\(method).yaml").path
        }

        /// Runs lines for `bash` in a folder, with `$ballast`, `$data`, `$weights`, `$tune` and `$cotune`.
        private static func shell(_ script: String, in folder: ScratchFolder) async throws -> String {
            let outcome = try await BallastProcess.run(
                command: ["bash", "-c", script], in: folder.url,
                environment: [
                    "OMP_NUM_THREADS": "1", "ballast": BallastProcess.binary.path, "data": data,
                    "weights": weights, "tune": golden("fine-tune"), "cotune": golden("co-tuning"),
                ])
            #expect(outcome.errors == "")
            return outcome.output
        }

        /// Standard output may be a full disk, a pipe that nobody reads any more, or closed.
        @Test func resultsThatDoNotArriveAreAnError() async throws {
            let folder = try ScratchFolder()
            _ = try await train(in: folder, as: "run")
            let commands = [
                "evaluate --model run --data $data", "evaluate --model run --data $data --json",
                "predict --model run --data $data", "train --config $tune --set output=$PWD/new",
                "train --config $tune --dry-run", "relate --config $cotune --output r.safetensors",
                "import $weights --network resnet18 -o imported.safetensors",
                "export --model run -o exported.safetensors",
                "benchmark --network resnet18 --batch 1 --image-size 32 --steps 1 --json",
                "doctor", "--help", "evaluate --help", "--version",
            ]
            let script = commands.map { command in
                """
                $ballast \(command) > /dev/full 2> errors; echo "$? $(grep -c 'standard output: .*No space left' errors)"
                """
            }.joined(separator: "\n")
            let found = try await Self.shell(script, in: folder).split(separator: "\n")
            for (command, line) in zip(commands, found) { #expect(line == "74 1", "\(command)") }
            #expect(found.count == commands.count)
            let others = try await Self.shell(
                """
                mkfifo pipe; (exec < pipe) & exec 3> pipe; wait
                $ballast evaluate --model run --data $data >&3 2> errors; echo "$? $(grep -c 'Broken pipe' errors)"
                $ballast evaluate --model run --data $data >&- 2> errors; echo "$? $(grep -c 'standard output' errors)"
                $ballast train --config $tune --set output=$PWD/closed >&- 2>&-; echo "$?"
                """, in: folder)
            #expect(others == "74 1\n74 1\n74\n")
            // Nothing that was printed went into a file in the stream's place.
            #expect(
                try RunFolder(url: folder.url.appending(path: "closed")).contents(of: "metrics.jsonl")
                    .split(separator: UInt8(ascii: "\n")).map(MetricsEvent.init)
                    .count { $0.name == "step" } == 6)
        }

        /// All ranks end alike.
        @Test func aResultThatDoesNotArriveEndsAllRanks() async throws {
            let folder = try ScratchFolder()
            _ = try await train(in: folder, as: "run")
            let outcome = try await BallastProcess.run(
                command: [
                    "mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2", "bash", "-c",
                    "exec \"$0\" evaluate --model run --data \"$1\" > /dev/full", BallastProcess.binary.path,
                    Self.data,
                ], in: folder.url,
                environment: [
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                    "OMP_NUM_THREADS": "1",
                ])
            #expect(outcome.exitCode == 74, "\(outcome.errors)")
            #expect(outcome.errors.contains("ballast: standard output: "), "\(outcome.errors)")
        }

        /// A file that is read is not replaced by what is made of it, under whatever name.
        @Test func whatIsReadIsNotOverwritten() async throws {
            let folder = try ScratchFolder()
            _ = try await train(in: folder, as: "run")
            let found = try await Self.shell(
                """
                cp $weights w.safetensors; cp $data d.safetensors; ln -s w.safetensors link; ln w.safetensors hard
                sha256sum w.safetensors d.safetensors run/* > before
                try() { "$ballast" "$@" > printed 2> errors; echo "$? $(grep -c 'is a file that is read' errors)"; }
                for o in w.safetensors link hard; do try import w.safetensors --network resnet18 -o $o; done
                try export --model run -o run/model.safetensors
                try export --model run -o run/model.json
                try export --model w.safetensors -o ./w.safetensors
                try evaluate --model run --data d.safetensors --predictions d.safetensors
                try evaluate --model run --data d.safetensors --predictions run/model.safetensors
                try evaluate --model run --data d.safetensors --report run/model.safetensors
                try predict --model run --data d.safetensors -o d.safetensors
                try relate --config $cotune --set data.train=$PWD/d.safetensors --output d.safetensors
                sha256sum --check --quiet before || echo changed
                mkdir folder; "$ballast" predict --model run --data d.safetensors -o folder 2> errors; echo "$?"
                grep -c 'folder: is a folder; give the name of a file' errors
                echo cats > r.csv; "$ballast" relate --config $cotune --output r.safetensors 2> errors; echo "$?"
                cat r.csv; ls r.*
                """, in: folder)
            let expected = Array(repeating: "64 1", count: 11) + ["64", "1", "64", "cats", "r.csv"]
            #expect(found == expected.map { $0 + "\n" }.joined())
        }

        /// A table and a picture have no place beside a device or a pipe.
        @Test func relateWritesIntoAPipe() async throws {
            let folder = try ScratchFolder()
            let found = try await Self.shell(
                """
                mkfifo pipe; cat pipe > read & "$ballast" relate --config $cotune --output pipe 2> errors | tail -n 1
                wait; ls; head -c 400 read | grep -ac relationship
                """, in: folder)
            #expect(found == "wrote pipe\nerrors\npipe\nread\n1\n")
        }

        /// A disk that is full, as a limit of the process brings it about.
        @Test func aFullDiskLeavesTheFileBefore() async throws {
            let folder = try ScratchFolder()
            _ = try await train(in: folder, as: "run")
            let found = try await Self.shell(
                """
                echo old > list; chmod 600 list
                (ulimit -f 1; "$ballast" evaluate --model run --data $data --predictions list 2> errors; echo $?)
                cat list; ls list*; grep -c 'list: cannot be written: .*File too large' errors
                "$ballast" evaluate --model run --data $data --predictions list > printed 2> errors
                head -n 1 list | cut -c 1-12; stat -c %a list
                """, in: folder)
            #expect(found == "74\nold\nlist\n1\nsample,label\n600\n")
        }

        // MARK: Folders of runs

        private static func start(
            _ folder: ScratchFolder, _ name: String, _ settings: [String] = [], resume: String = "auto"
        ) async throws -> BallastProcess.Outcome {
            try await BallastProcess.run(
                [
                    "train", "--config", golden("fine-tune"), "--resume", resume, "--set",
                    "output=\(folder.path)/\(name)", "checkpoint.every-steps=3", "checkpoint.keep=9",
                ] + settings)
        }

        /// What the link leads to moves, and the link leads to the new folder, on the same disk.
        @Test func anOutputThatIsALinkStaysOne() async throws {
            let folder = try ScratchFolder()
            let manager = FileManager.default
            try manager.createDirectory(atPath: folder.path + "/disk/out", withIntermediateDirectories: true)
            try manager.createSymbolicLink(
                atPath: folder.path + "/run", withDestinationPath: "disk/out")
            for _ in 0..<2 {
                let outcome = try await Self.start(folder, "run", resume: "none")
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                if manager.fileExists(atPath: folder.path + "/disk/out.1") {
                    #expect(
                        outcome.errors.contains("the run that was in \(folder.path)/run is moved aside: "),
                        "\(outcome.errors)")
                }
            }
            #expect(try folder.names == ["disk", "run"])
            #expect(
                try manager.contentsOfDirectory(atPath: folder.path + "/disk").sorted() == ["out", "out.1"])
            #expect(try manager.destinationOfSymbolicLink(atPath: folder.path + "/run") == "disk/out")
        }

        /// From a checkpoint of another run the folder is begun anew, with the lines that led there.
        @Test func aCheckpointOfAnotherRunMovesTheFolderAside() async throws {
            let folder = try ScratchFolder()
            for (name, seed) in [("a", 1), ("b", 2)] {
                let outcome = try await Self.start(folder, name, ["training.seed=\(seed)"])
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
            }
            let (a, b) = (
                RunFolder(url: folder.url.appending(path: "a")),
                RunFolder(url: folder.url.appending(path: "b"))
            )
            let (before, losses) = (try b.contents(of: "metrics.jsonl"), try a.steps("loss"))
            let outcome = try await Self.start(
                folder, "b", ["training.seed=1"], resume: "\(a.url.path)/checkpoints/step-00000003")
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(
                outcome.errors.contains(
                    "the run that was in \(b.url.path) is moved aside: \(b.url.path).1\n"),
                "\(outcome.errors)")
            let aside = RunFolder(url: folder.url.appending(path: "b.1"))
            #expect(try aside.contents(of: "metrics.jsonl") == before)
            #expect(
                try RunFolder(url: aside.url.appending(path: "checkpoints")).names
                    == ["step-00000003", "step-00000006"])
            #expect(try b.steps("loss") == losses)
            #expect(try RunFolder(url: b.url.appending(path: "checkpoints")).names == ["step-00000006"])
        }

        /// Started again, a run that has ended after its last checkpoint does its end anew; what it had stays.
        @Test func theEndOfARunThatIsDoneAgainIsKept() async throws {
            let folder = try ScratchFolder()
            let settings = ["checkpoint.every-steps=4"]
            let first = try await Self.start(folder, "run", settings)
            try #require(first.exitCode == 0, "\(first.errors)")
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let before = try run.contents(of: "metrics.jsonl")
            let second = try await Self.start(folder, "run", settings)
            try #require(second.exitCode == 0, "\(second.errors)")
            #expect(
                second.errors.contains(
                    "what \(run.url.path) has after step 4 is moved aside: \(run.url.path).1"),
                "\(second.errors)")
            let aside = RunFolder(url: folder.url.appending(path: "run.1"))
            #expect(try aside.contents(of: "metrics.jsonl") == before && aside.modelBytes == run.modelBytes)
        }

        /// Another schedule goes on, and the log says from which rate to which.
        @Test(arguments: [
            (["schedule={name: cosine}"], ["schedule={name: cosine}", "training.epochs=2"]),
            (
                ["schedule={name: multi-step, milestones: [1]}"],
                ["schedule={name: multi-step, milestones: [2]}", "training.epochs=2"]
            ),
            (
                ["schedule={name: constant}"],
                ["schedule={name: constant, warm-up-steps: 9}", "training.epochs=2"]
            ),
        ])
        func anotherScheduleIsSaid(before: [String], after: [String]) async throws {
            let folder = try ScratchFolder()
            let first = try await Self.start(folder, "run", before)
            try #require(first.exitCode == 0, "\(first.errors)")
            let second = try await Self.start(folder, "run", after)
            try #require(second.exitCode == 0, "\(second.errors)")
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let rates = try run.steps("learning-rate").map { Float($0) }
            #expect(rates.count == 12)
            let notice = try #require(
                second.errors.firstMatch(of: /learning rate: (\S+) at step 6, .*; (\S+) follows/))
            #expect(Float(notice.1) == rates[5] && Float(notice.2) == rates[6], "\(notice.0)")
        }

        /// Fewer epochs than were done: the run says so and ends, and its numbers are those of the model that is saved.
        @Test func fewerEpochsThanWereDone() async throws {
            let folder = try ScratchFolder()
            let settings = [
                "data.validation=\(Self.data)", "data.test=\(Self.data)", "training.steps-per-epoch=3",
            ]
            let first = try await Self.start(folder, "run", settings + ["training.epochs=3"])
            try #require(first.exitCode == 0, "\(first.errors)")
            let second = try await Self.start(folder, "run", settings + ["training.epochs=1"])
            try #require(second.exitCode == 0, "\(second.errors)")
            #expect(
                second.errors.contains("training.epochs 1), and the checkpoint is of step 9: nothing is left")
            )
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let evaluated = try await BallastProcess.run([
                "evaluate", "--model", run.url.path, "--data", Self.data, "--json",
            ])
            #expect(
                try MetricsEvent(Data(evaluated.output.utf8)).number("loss")
                    == run.evaluations("loss", of: "test").last)
        }
    }
}
