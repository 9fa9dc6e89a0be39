import Foundation
import TestSupport
import Testing

extension CheckingRanksTests {
    /// What `ballast doctor` prints, leaves behind and exits with.
    @Suite(.serialized) struct DoctorTests {
        private static let file = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path

        /// Names of the rows of a table.
        private static func rows(_ outcome: BallastProcess.Outcome) -> [String] {
            outcome.output.prefix(
                upTo: outcome.output.range(of: "\n\n")?.lowerBound ?? outcome.output.endIndex
            )
            .split(separator: "\n").filter { !$0.hasPrefix(" ") }
            .map { String($0.prefix { $0 != " " }) }
        }

        @Test(arguments: [0, 2, 3])
        func withoutAConfigurationItLooksAtTheMachine(ranks: Int) async throws {
            let outcome = try await BallastProcess.run(["doctor"], ranks: ranks)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let sums = ranks == 0 ? [] : ["all-reduce"]
            #expect(
                Self.rows(outcome).filter { $0 != "network" }
                    == [
                        "launcher", "ranks", "ballast", "MPI", "oneDNN", "OpenBLAS", "processor", "cores",
                        "memory", "precision",
                    ] + sums
            )
            #expect(outcome.output.contains("\(max(1, ranks)) rank\(ranks > 1 ? "s" : "") on 1 host"))
            #expect(outcome.output.contains(ranks == 0 ? "one rank alone" : "OMPI_COMM_WORLD_SIZE is set"))
            #expect(outcome.output.split(separator: "\n").last?.hasPrefix("ready") == true)
            for size in ["1 KiB", "4 KiB", "1 MiB", "64 MiB"] {
                #expect(outcome.output.contains(" \(size) ") == (ranks > 0), "\(size)")
            }
        }

        @Test(arguments: ["fine-tune", "bi-tuning", "bss", "co-tuning", "delta-feature-map", "l2-sp", "lwf"])
        func aConfigurationIsMeasuredAndLeavesNothing(method: String) async throws {
            let folder = try ScratchFolder()
            let output = folder.url.appending(path: "runs/first").path
            let file = BallastProcess.golden.appending(path: "trajectory-\(method).yaml").path
            let outcome = try await BallastProcess.run(
                ["doctor", "--config", file, "--set", "output=\(output)"], ranks: 2)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let rows = Self.rows(outcome)
            #expect(
                rows.suffix(6) == ["disk", "data", "reading", "step", "epoch", "run"], "\(outcome.output)")
            // Long rows go on in the next line, wherever the path of the folder ends.
            let words = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(words.contains("training 48 samples of 5 classes, images 3 × 64 × 64"))
            #expect(words.contains("5 checkpoints need "))
            #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(outcome.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
        }

        @Test func aFolderThatIsThereStaysAsItIs() async throws {
            let folder = try ScratchFolder()
            let before = try FileManager.default.attributesOfItem(atPath: folder.url.path)
            let outcome = try await BallastProcess.run(
                ["doctor", "--config", Self.file, "--set", "output=\(folder.url.path)"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let after = try FileManager.default.attributesOfItem(atPath: folder.url.path)
            #expect(before[.modificationDate] as? Date == after[.modificationDate] as? Date)
        }

        /// Values that spoil the run, the exit code, and what is said of each.
        static let spoiled: [(assignments: [String], exitCode: Int32, messages: [String])] = [
            (
                ["network.weights=absent.safetensors"], 74,
                ["weights: ", "absent.safetensors: cannot be opened"]
            ),
            (["data.train=gone.safetensors"], 74, ["data: ", "gone.safetensors: cannot be opened"]),
            (["output=/proc/nothing"], 74, ["output: /proc/nothing: cannot be written"]),
            (["network.base-width=16"], 65, ["weights: ", "conv1.weight"]),
            (["training.global-batch=1"], 64, ["training: 2 ranks are more than the 1 samples"]),
            (["training.epoch=3"], 64, ["configuration: ", "did you mean 'epochs'"]),
            // The first decides the exit code, and all are told.
            (
                ["network.base-width=16", "data.train=gone.safetensors", "output=/proc/nothing"], 74,
                ["gone.safetensors", "conv1.weight", "/proc/nothing", "not ready: 3 failures"]
            ),
            (
                ["network.base-width=16", "output=/proc/nothing"], 65,
                ["conv1.weight", "/proc/nothing", "not ready: 2 failures"]
            ),
        ]

        @Test(arguments: spoiled)
        func failuresAreToldTogether(assignments: [String], exitCode: Int32, messages: [String]) async throws
        {
            let folder = try ScratchFolder()
            let output = "output=\(folder.url.appending(path: "run").path)"
            let outcome = try await BallastProcess.run(
                ["doctor", "--config", Self.file, "--set", output] + assignments, ranks: 2)
            #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
            // Long lines are broken between words.
            let words = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            for message in messages { #expect(words.contains(message), "\(message) in \(words)") }
            #expect(Self.rows(outcome).contains("memory"))
            let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("ballast: ") }
            #expect(errors.count == 1 && errors[0].contains("not ready: "), "\(outcome.errors)")
        }

        @Test(arguments: [0, 2])
        func aPlanIsMeasuredAndPredicted(ranks: Int) async throws {
            let folder = try ScratchFolder()
            let output = "output=\(folder.url.appending(path: "run").path)"
            let outcome = try await BallastProcess.run(
                [
                    "doctor", "--config", Self.file, "--set", output, "--plan", "1,1,1", "2,2,0.1",
                    "--json",
                ], ranks: ranks)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let facts = try MetricsEvent(Data(outcome.output.utf8))
            #expect(facts.keys == ["assumptions", "job", "plans"])
            let job = try #require(facts.values["job"] as? [String: Any])
            #expect(job["global-batch"] as? Int == 8)
            let plans = try #require(facts.values["plans"] as? [[String: Any]])
            #expect(plans.count == 2)
            let rows = try plans.map { plan in
                try #require(plan["configured"] as? [String: Any], "\(plan)")
            }
            #expect(rows[0]["efficiency"] as? Double == 1)
            let efficiency = try #require(rows[1]["efficiency"] as? Double)
            #expect(efficiency > 0 && efficiency < 1)
            #expect(rows.map { $0["local-batch"] as? Int } == [8, 2])
            // ResNet-18 of base width 8 has about 177,000 parameters; a host of two sends as many bytes as the gradients
            // have.
            let bytes = try #require(rows[1]["host-bytes"] as? Double)
            #expect(bytes > 4 * 175_000 && bytes < 4 * 180_000, "\(bytes)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
        }

        @Test func aPlanInBothPrecisions() async throws {
            let folder = try ScratchFolder()
            let outcome = try await BallastProcess.run([
                "doctor", "--config", Self.file, "--set", "output=\(folder.url.path)/run", "--plan", "2,2,1",
                "4,2,1", "--both-precisions",
            ])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").map {
                $0.split(separator: " ").prefix(3).joined(separator: " ")
            }
            let clusters = lines.filter { $0.hasSuffix("float32") || $0.hasSuffix("bfloat16") }
            #expect(
                clusters.prefix(4) == ["2 1 float32", "2 1 bfloat16", "4 1 float32", "4 1 bfloat16"],
                "\(outcome.output)")
            #expect(outcome.output.contains("fine-tune, bfloat16"))
        }

        @Test(arguments: [
            (["--plan", "0,2,10"], "--plan '0,2,10' has '0' for HOSTS"),
            (["--plan", "2,x,1"], "'x' for RANKS"), (["--plan", "1e99"], "expected HOSTS,RANKS,GBIT"),
            (["--json"], "--json prints a plan"),
            (["--both-precisions"], "--both-precisions is for a plan"),
        ])
        func wrongPlans(options: [String], message: String) async throws {
            let outcome = try await BallastProcess.run(["doctor", "--config", Self.file] + options)
            #expect(outcome.exitCode == 64 && outcome.errors.contains(message), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }

        @Test func aPlanNeedsStepsOfAConfiguration() async throws {
            let alone = try await BallastProcess.run(["doctor", "--plan", "2,2,1"])
            #expect(alone.exitCode == 64 && alone.errors.contains("--config"), "\(alone.errors)")
            let folder = try ScratchFolder()
            let probe = try await BallastProcess.run([
                "doctor", "--config", Self.file, "--set", "method.name=linear-probe",
                "output=\(folder.url.appending(path: "run").path)", "--plan", "2,2,1",
            ])
            #expect(probe.exitCode == 64 && probe.errors.contains("takes no steps"), "\(probe.errors)")
        }

        @Test func moreThreadsThanCores() async throws {
            let command = ["env", "OMP_NUM_THREADS=4096", BallastProcess.binary.path, "doctor"]
            let free = try await BallastProcess.run(command: command)
            #expect(free.exitCode == 0, "\(free.errors)")
            #expect(free.output.contains("rank 0 computes with 4096 threads"), "\(free.output)")
            #expect(free.output.contains("ready; 1 to improve"))
        }

        /// As in `ballast train`, which refuses to start.
        @Test func aRankThatIsPinnedToFewerCoresThanThreads() async throws {
            let cores = ProcessInfo.processInfo.processorCount
            try #require(cores > 1, "a machine of one core cannot pin a rank to a part of it")
            let pinned = try await BallastProcess.run(
                command: [
                    "taskset", "-c", "0", "env", "OMP_NUM_THREADS=2", BallastProcess.binary.path, "doctor",
                ])
            #expect(pinned.exitCode == 64, "\(pinned.errors)")
            #expect(pinned.output.contains("rank 0 computes with 2 threads and may use 1 core (0)"))
        }

        @Test func assignmentsNeedAConfiguration() async throws {
            let outcome = try await BallastProcess.run(["doctor", "--set", "training.epochs=3"])
            #expect(outcome.exitCode == 64)
            #expect(outcome.errors.contains("--config"))
        }
    }
}
