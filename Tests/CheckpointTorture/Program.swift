import Foundation
import Hosts
import ModelFiles
import ProcessGroups
import Tensors
import Training

/// Saves checkpoints while a script kills it, and looks at what is left.
@main
struct Program {
    static let usage = """
        usage: CheckpointTorture train DIRECTORY STEPS [background]
               CheckpointTorture check DIRECTORY
               CheckpointTorture measure DIRECTORY MEGABYTES
        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch (arguments.first, arguments.count) {
            case ("train", 3...4):
                try train(
                    arguments[1], stepCount: Int(arguments[2]) ?? 0,
                    inBackground: arguments.last == "background")
            case ("check", 2): exit(try check(arguments[1]))
            case ("measure", 3): try measure(arguments[1], megabytes: Int(arguments[2]) ?? 1)
            default:
                say(usage)
                exit(64)
            }
        } catch {
            FileHandle.standardError.write(Data("error: \(error)\n".utf8))
            exit(ExitCode.of(error))
        }
    }

    /// Prints a line at once: a buffer would die with the process.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    /// Goes on after the newest checkpoint and saves one after each step; "saved N" once that is certain.
    private static func train(_ directory: String, stepCount: Int, inBackground: Bool) throws {
        let faults = try FaultSchedule.of(environment: ProcessInfo.processInfo.environment)
        let store = CheckpointStore(directory: directory, keep: 3, ballastVersion: "test", faults: faults)
        store.cleanStaging()
        let first = (try store.newestGood().checkpoint?.step ?? 0) + 1
        let writer = BackgroundWriter(store)
        say("began at \(first)")
        for step in first..<first + stepCount {
            for point in [FaultPoint.forward, .backward, .insideAllReduce, .optimizer] {
                try faults.reach(point, step: step, rank: 0)
            }
            if inBackground {
                writer.submit(Model.contents(step: step))
                while let outcome = writer.takeResult() { try report(outcome) }
            } else {
                try store.prune(after: store.write(Model.contents(step: step)))
                say("saved \(step)")
            }
        }
        for outcome in try writer.finish() { try report(outcome) }
    }

    private static func report(_ outcome: BackgroundWriter.Outcome) throws {
        _ = try outcome.pruned.get()
        say("saved \(try outcome.written.get().step)")
    }

    /// Prints the newest good step, 0 for none, the number of checkpoints and of hidden folders.
    private static func check(_ directory: String) throws -> Int32 {
        let store = CheckpointStore(directory: directory, keep: 3, ballastVersion: "test")
        let (checkpoint, rejected) = try store.newestGood()
        var problems = rejected.map(\.description)
        if let checkpoint, let problem = try Model.problem(of: checkpoint) { problems.append(problem) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let hiddenCount = names.filter { $0.hasPrefix(".") }.count
        let count = try store.steps().count
        say("newest \(checkpoint?.step ?? 0) of \(count), \(hiddenCount) left over")
        for problem in problems { say("PROBLEM \(problem)") }
        return problems.isEmpty ? 0 : ExitCode.badData
    }

    /// Prints how long it takes to copy, serialize, write and verify a model of that size.
    private static func measure(_ directory: String, megabytes: Int) throws {
        let clock = ContinuousClock()
        let tensors = (0..<megabytes).map { Tensor(repeating: Float($0), [250_000]) }
        let store = CheckpointStore(directory: directory, keep: 1, ballastVersion: "test")
        for step in 1...3 {
            var writer = SafetensorsWriter()
            let copying = clock.measure {
                for (index, tensor) in tensors.enumerated() { writer.add("tensor\(index)", copyOf: tensor) }
            }
            var contents = CheckpointContents(step: step, worldSize: 1)
            contents.add("model.safetensors", writer)
            var byteCount = 0
            let serializing = clock.measure { byteCount = writer.serialized().count }
            let written = try store.write(contents)
            try store.prune(after: written)
            let verifying = try clock.measure { _ = try store.newestGood() }
            say(
                "\(byteCount) bytes: copy \(copying), write \(written.seconds) s, of which serialize "
                    + "\(serializing); verify \(verifying)")
        }
    }
}
