import Foundation
import TestSupport
import Testing

extension CheckingRanksTests {
    /// What is compared between ranks before the first step, with a second rank that is set up otherwise.
    @Suite(.serialized) struct JobCheckTests {
        private static let configuration = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml")
            .path
        private let folder: ScratchFolder

        init() throws { folder = try ScratchFolder() }

        /// Runs a command on rank 0 and another on rank 1 of the same job.
        private func run(_ first: [String], _ second: [String]) async throws -> BallastProcess.Outcome {
            try await BallastProcess.run(
                command: [
                    "mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "odls_base_sigkill_timeout",
                    "0",
                    "-np", "1",
                ] + first + [":", "-np", "1"] + second, in: folder.url,
                environment: [
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                    "OMP_NUM_THREADS": "1",
                ])
        }

        /// `ballast train` on the reference data; with `--dry-run` unless a run is asked for.
        private func train(_ assignments: [String] = [], isDry: Bool = true) -> [String] {
            [BallastProcess.binary.path, "train", "--config", Self.configuration]
                + (isDry ? ["--dry-run"] : [])
                + ["--set", "output=\(path("run"))"] + assignments
        }

        private func path(_ name: String) -> String { folder.url.appending(path: name).path }

        /// A copy of a reference file in a folder of its own.
        private func copy(_ name: String, to target: String) throws -> String {
            let file = folder.url.appending(path: target)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: BallastProcess.golden.appending(path: name), to: file)
            return file.path
        }

        /// One of the golden files below a folder of its own, and a copy elsewhere in which one bit differs.
        private func differing(_ name: String, in target: String) throws -> (own: String, other: String) {
            let own = try copy("\(name).safetensors", to: "\(target)/own.safetensors")
            let other = try copy("\(name).safetensors", to: "other-\(name).safetensors")
            try Self.changeOneBit(of: other)
            return (own, other)
        }

        /// A command that sees something else at a path than all other processes do.
        private func mounting(_ arguments: String, before command: [String]) -> [String] {
            ["unshare"] + (geteuid() == 0 ? [] : ["--map-root-user"]) + [
                "--mount", "sh", "-c", "mount \(arguments) && exec \"$@\"", "sh",
            ] + command
        }

        /// All ranks tell the same error, once.
        private func expect(_ outcome: BallastProcess.Outcome, code: Int32, _ parts: String...) {
            #expect(outcome.exitCode == code, "\(outcome.errors)")
            for part in parts {
                #expect(outcome.errors.components(separatedBy: part).count == 2, "\(part): \(outcome.errors)")
            }
            #expect(outcome.output == "")
        }

        // MARK: The program

        @Test func anotherBuildIsRefused() async throws {
            let other = folder.url.appending(path: "ballast")
            try FileManager.default.copyItem(at: BallastProcess.binary, to: other)
            let same = try await run(train(), [other.path] + train().dropFirst())
            #expect(same.exitCode == 0, "\(same.errors)")

            let file = try FileHandle(forWritingTo: other)
            try file.seekToEnd()
            try file.write(contentsOf: Data([0]))
            try file.close()
            expect(
                try await run(train(), [other.path] + train().dropFirst()), code: 64,
                "ranks run different builds of ballast", "rank 0 on host", "rank 1 on host")
        }

        @Test func anotherCommandLineIsRefused() async throws {
            expect(
                try await run(train(), train(["--set", "training.seed=3"])), code: 64,
                "ranks were given different command lines", "rank 1 on host", "training.seed=3")
            // Here one rank would stop while the other waits for it.
            expect(
                try await run(train(isDry: false), train()), code: 64,
                "ranks were given different command lines", "--dry-run")
        }

        @Test func anotherLibraryIsRefused() async throws {
            let source = path("other.c")
            try Data(
                """
                #include <string.h>
                int MPI_Get_library_version(char *text, int *count) {
                    strcpy(text, "Other MPI 9.9");
                    *count = strlen(text);
                    return 0;
                }
                """.utf8
            ).write(to: URL(filePath: source))
            let built = try await BallastProcess.run(
                command: ["clang", "-shared", "-fPIC", "-o", path("other.so"), source])
            try #require(built.exitCode == 0, "\(built.errors)")
            expect(
                try await run(train(), ["env", "LD_PRELOAD=\(path("other.so"))"] + train()), code: 64,
                "ranks use different MPI libraries", "rank 0 on host", ": Open MPI v",
                ": Other MPI 9.9")
        }

        @Test func aLauncherOfAnotherLibraryIsExplained() async throws {
            let outcome = try await BallastProcess.run(
                command: train(isDry: false), environment: ["PMI_SIZE": "2", "PMI_RANK": "0"])
            expect(outcome, code: 64, "the launcher started 2 ranks (PMI_SIZE is set), but MPI sees 1")
            #expect(!FileManager.default.fileExists(atPath: path("run")))
        }

        // MARK: Files

        /// Rank 0's are sent: what the others have does not matter.
        @Test func onlyRankZeroReadsSamplesAndWeights() async throws {
            var files: [String] = []
            for (key, name) in [
                ("data.train", "trajectory-data"), ("network.weights", "source"),
                ("initial-state", "trajectory-initial-head"),
            ] {
                files.append("\(key)=\(try copy("\(name).safetensors", to: "files/\(name).safetensors"))")
            }
            let alone = try await ManyRanksTests.train(in: folder, as: "alone")
            let command = train(files, isDry: false)
            let outcome = try await run(command, mounting("-t tmpfs none \(path("files"))", before: command))
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            let losses = try RunFolder(url: folder.url.appending(path: "run")).steps("loss")
            #expect(isClose(losses, try alone.steps("loss"), relative: 1e-5))
            // The saved model and the samples that it is evaluated on.
            let evaluation = [
                BallastProcess.binary.path, "evaluate", "--model", path("run"), "--data",
                String(files[0].dropFirst(11)),
            ]
            let evaluated = try await run(
                evaluation, mounting("-t tmpfs none \(path("files"))", before: evaluation))
            #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
        }

        /// They stay where they are, so that every host must see those that rank 0 listed.
        @Test func photographsThatAHostDoesNotSeeAreNamed() async throws {
            let fixtures = BallastProcess.packageRoot.appending(
                path: "Tests/ImageDataTests/Fixtures/photographs")
            for (index, name) in ["rgb.jpg", "grey.jpg", "narrow.jpg", "progressive.jpg"].enumerated() {
                try folder.write(
                    contents(fixtures.appending(path: name).path), as: "pictures/\(index % 2)/\(index).jpg")
            }
            let other = path("other.jpg")
            try FileManager.default.copyItem(atPath: fixtures.path + "/cmyk.jpg", toPath: other)
            for policy in ["stop", "skip"] {
                let settings = [
                    "data={train: \(path("pictures")), validation: none, image-size: 32, on-error: \(policy)}",
                    "initial-state=null", "training.shuffle=false",
                ]
                let command = train(settings, isDry: false)
                let missing = try await run(
                    command, mounting("-t tmpfs none \(path("pictures"))", before: command))
                expect(
                    missing, code: 74, "rank 1 on host",
                    "No such file or directory; does this host see the same files?")
                let last = path("pictures/1/3.jpg")
                let changed = try await run(command, mounting("--bind \(other) \(last)", before: command))
                expect(
                    changed, code: 65, "rank 1 on host",
                    "\(last): has 38351 bytes and had 10490 when it was opened by the first rank")
                try? FileManager.default.removeItem(atPath: path("run"))
            }
        }

        /// Runs a command on two hosts, of which the second is this one under another name, where a line of shell is
        /// executed first.
        private func runOnTwoHosts(_ line: String, _ command: [String]) async throws -> BallastProcess.Outcome
        {
            let (agent, options) = (path("agent"), geteuid() == 0 ? "" : "--map-root-user")
            try folder.write(
                Array(
                    """
                    #!/bin/sh
                    host=$1
                    shift
                    exec unshare \(options) --uts --mount sh -c 'hostname "$0" && \(line) && exec sh -c "$1"' "$host" "$*"

                    """.utf8), as: "agent")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: agent)
            return try await BallastProcess.run(
                command: [
                    "mpirun", "--bind-to", "none", "--mca", "odls_base_sigkill_timeout", "0", "--mca",
                    "plm_rsh_agent", agent, "--mca", "oob_tcp_if_include", "lo", "--mca",
                    "btl_tcp_if_include", "lo", "--mca", "mpi_yield_when_idle", "1",
                    "--host", "\(ProcessInfo.processInfo.hostName):2,second:1", "-np", "3",
                ] + command, in: folder.url,
                environment: [
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                    "OMPI_MCA_orte_keep_fqdn_hostnames": "1", "OMP_NUM_THREADS": "1",
                ])
        }

        @Test func hostsWithFilesOfTheirOwnAreCompared() async throws {
            let alone = try await ManyRanksTests.train(in: folder, as: "alone")
            let (data, otherData) = try differing("trajectory-data", in: "data")
            let local = ["data.local=true"]
            let command = train(["data.train=\(data)"] + local, isDry: false)
            let same = try await runOnTwoHosts("true", train(local + ["output=\(path("two"))"], isDry: false))
            #expect(same.exitCode == 0, "\(same.errors)")
            let losses = try RunFolder(url: folder.url.appending(path: "two")).steps("loss")
            #expect(isClose(losses, try alone.steps("loss"), relative: 1e-5))
            expect(
                try await runOnTwoHosts("mount --bind \(otherData) \(data)", command), code: 65,
                "data.train \(data): ranks see different samples", "ranks 0, 1 on host",
                "rank 2 on host second")
            let missing = try await runOnTwoHosts("mount -t tmpfs none \(path("data"))", command)
            expect(missing, code: 74, "rank 2 on host second: \(data): ")
            // Weights too.
            let (weights, otherWeights) = try differing("source", in: "weights")
            let weighted = train(["network.weights=\(weights)"] + local, isDry: false)
            expect(
                try await runOnTwoHosts("mount --bind \(otherWeights) \(weights)", weighted), code: 65,
                "network.weights \(weights): hosts have different files", "rank 2 on host second")
            let unweighted = try await runOnTwoHosts("mount -t tmpfs none \(path("weights"))", weighted)
            #expect(
                unweighted.exitCode != 0 && unweighted.errors.contains("rank 2 on host second: \(weights)"))
        }

        /// The output is looked at before the data, which are missing here.
        @Test func outputIsTriedFirst() async throws {
            let absent = "data.train=\(path("absent"))"
            let training = try await BallastProcess.run(
                ["train", "--config", Self.configuration, "--set", "output=/proc/nothing", absent], ranks: 2)
            expect(training, code: 74, "/proc/nothing: cannot make the folder of the run: No such file")
            let relation = try await BallastProcess.run(
                [
                    "relate", "--config", Self.configuration, "--output", "/proc/nothing/r.safetensors",
                    "--set", absent, "method={name: co-tuning}",
                ], ranks: 2)
            expect(relation, code: 74, "/proc/nothing/r.safetensors: cannot be written: No such file")
            let evaluation = try await BallastProcess.run(
                [
                    "evaluate", "--model", path("absent"), "--data", path("absent"), "--predictions",
                    "\(Self.configuration)/p.csv",
                ], ranks: 2)
            expect(evaluation, code: 74, "\(Self.configuration)/p.csv: cannot be written: Not a directory")
        }

        // MARK: Cores

        @Test func aRankWithFewerCoresThanThreadsIsRefused() async throws {
            let cores = ProcessInfo.processInfo.processorCount
            try #require(cores > 1, "a rank can be pinned only where there are two cores")
            let pinned = ["env", "OMP_NUM_THREADS=\(cores)", "taskset", "-c", "0"] + train()
            expect(
                try await run(train(), pinned), code: 64, "a rank has fewer cores than threads",
                "--bind-to none",
                "launch/local.sh", "OMP_NUM_THREADS",
                "rank 1 on host", "pinned to 1 core of \(cores), computes with \(cores) threads")
            // As many threads as cores are as they should be.
            let fitting = ["env", "OMP_NUM_THREADS=1", "taskset", "-c", "0"] + train()
            let outcome = try await run(fitting, fitting)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(
                outcome.errors.contains("2 ranks with 2 threads together on 1 core;"), "\(outcome.errors)")
        }

        @Test func moreThreadsThanCoresAreSaid() async throws {
            let cores = ProcessInfo.processInfo.processorCount
            let command = ["env", "OMP_NUM_THREADS=\(cores)"] + train()
            let outcome = try await run(command, command)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let notice = "2 ranks with \(2 * cores) threads together on"
            #expect(outcome.errors.components(separatedBy: notice).count == 2, "\(outcome.errors)")
        }

        /// The lowest bit of a number in the middle of a file of tensors.
        private static func changeOneBit(of path: String) throws {
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[bytes.count / 12 * 4] ^= 1
            try bytes.write(to: URL(filePath: path))
        }
    }
}
