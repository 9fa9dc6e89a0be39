import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// The script that starts ranks on one machine.
    @Suite(.serialized) struct LaunchScriptTests {
        private let script = BallastProcess.packageRoot.appending(path: "launch/local.sh").path

        @Test func itStartsRanksAndPrintsHow() async throws {
            let folder = try ScratchFolder()
            let run = RunFolder(url: folder.url.appending(path: "run"))
            let file = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path
            let outcome = try await BallastProcess.run(
                command: [
                    script, "-n", "2", "--", "ballast", "train", "--config", file, "--set",
                    "output=\(run.url.path)",
                ], in: folder.url)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(outcome.output == "model: \(run.url.path)/model.safetensors\n")
            #expect(outcome.errors.firstMatch(of: #/OMP_NUM_THREADS=[0-9]+ .*mpirun -np 2 /#) != nil)
            let configuration = String(decoding: try run.contents(of: "config.yaml"), as: UTF8.self)
            #expect(configuration.contains("\n# ranks: 2\n"))
        }

        @Test func oneMachineNeedsNoSSHAndNoOtherMachineOfABatchSystem() async throws {
            let folder = try ScratchFolder()
            let withoutSSH = """
                mkdir programs && ln -s /usr/bin/* programs && rm -f programs/ssh programs/rsh programs/slogin
                PATH=$PWD/programs exec "$0" -n 3 -- sh -c 'echo rank on $(hostname)'
                """
            let outcome = try await BallastProcess.run(
                command: ["bash", "-c", withoutSSH, script], in: folder.url,
                environment: [
                    "SLURM_JOBID": "7", "SLURM_JOB_ID": "7", "SLURM_NODELIST": "node[1-2]",
                    "SLURM_TASKS_PER_NODE": "2(x2)",
                ])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(outcome.output.components(separatedBy: "rank on ").count == 4, "\(outcome.output)")
        }

        @Test func theProgramsExitCodeIsTheScripts() async throws {
            let outcome = try await BallastProcess.run(
                command: [script, "-n", "2", "--", "ballast", "train", "--config", "absent.yaml"])
            #expect(outcome.exitCode == 64)
            #expect(outcome.errors.components(separatedBy: "absent.yaml: there is no such file").count == 2)
        }

        /// Arguments, and what is printed: either the number of ranks is wrong or the whole line.
        static let mistakes: [(arguments: [String], message: String)] =
            ["0", "00", "two", "-1", "1.5", ""].map {
                (["-n", $0, "--", "ballast", "--help"], "-n takes a number of ranks, not '\($0)'")
            }
            + [["-n"], ["-n", "two"]].map { ($0, "-n takes a number of ranks") }
            + [["-x"], ["-n", "2"], ["-n", "2", "--"], ["-n", "2", "ballast"]].map {
                ($0, "usage: launch/local.sh")
            }

        @Test(arguments: mistakes)
        func wrongUseIsExplained(arguments: [String], message: String) async throws {
            let outcome = try await BallastProcess.run(command: [script] + arguments)
            #expect(outcome.exitCode == 64)
            #expect(outcome.output == "")
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }

        @Test func aProgramThatIsMissingIsNamed() async throws {
            let outcome = try await BallastProcess.run(command: [script, "-n", "2", "--", "balast", "train"])
            #expect(outcome.exitCode == 64)
            #expect(outcome.errors.contains("balast is missing"), "\(outcome.errors)")
        }
    }
}
