import Foundation

/// Starts workers, and another one behind the input that ended the last.
struct Supervisor {
    private let options: Options

    /// What came of the inputs of a reader.
    private struct Counts {
        var accepted = 0
        var refused = 0
        var crashes = 0
        var hangs = 0
        var wrong = 0

        var bad: Int { crashes + hangs + wrong }
        var all: Int { accepted + refused + bad }
    }

    /// Problems of a reader that are told in words.
    private static let mostWords = 20

    init(_ options: Options) { self.options = options }

    /// - Returns: Whether nothing was wrong.
    func run() throws -> Bool {
        say("seed \(options.seed)")
        let fuzzed = options.readers.filter { $0.cases == nil }
        let share = (options.inputs + max(fuzzed.count, 1) - 1) / max(fuzzed.count, 1)
        var (passed, failed) = (0, 0)
        say("reader          inputs accepted refused crashes hangs wrong seconds")
        for reader in options.readers {
            let begin = ContinuousClock.now
            let counts = try run(reader, count: reader.cases?.count ?? share)
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            say(
                String(
                    format: "%@ %6d %8d %7d %7d %5d %5d %7.1f",
                    reader.name.padding(toLength: 15, withPad: " ", startingAt: 0), counts.all,
                    counts.accepted,
                    counts.refused, counts.crashes, counts.hangs, counts.wrong, seconds))
            passed += counts.all - counts.bad
            failed += counts.bad
            // Inputs that all end alike say little of a reader.
            if reader.cases == nil, counts.all >= 200, counts.refused * 20 < counts.all {
                say("FAILED  \(reader.name): \(counts.refused) of \(counts.all) inputs were refused")
                failed += 1
            }
        }
        say("reader fuzz checks: \(passed) passed, \(failed) failed")
        return failed == 0 && passed > 0
    }

    /// Prints a line at once, so that it can be seen how far it is.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private func run(_ reader: Reader, count: Int) throws -> Counts {
        var counts = Counts()
        var words = 0
        func tell(_ index: Int, _ problem: String) {
            words += 1
            guard words <= Self.mostWords else { return }
            say(
                "FAILED  \(reader.name) input \(index): \(problem)\n"
                    + "        ReaderFuzz --input \(reader.name) \(options.seed) \(index) FILE")
        }
        var next = 0
        while next < count {
            let (lines, end) = try work(reader, first: next, count: count - next)
            for line in lines {
                guard let space = line.firstIndex(of: " "), let index = Int(line[..<space]), index == next
                else {
                    continue
                }
                next += 1
                switch line[line.index(after: space)...] {
                case "accepted": counts.accepted += 1
                case "refused": counts.refused += 1
                case let problem:
                    counts.wrong += 1
                    tell(index, String(problem))
                }
            }
            guard next < count else { break }
            switch end {
            case .hang: counts.hangs += 1
            case .signal, .code: counts.crashes += 1
            }
            tell(next, "\(end)")
            next += 1
        }
        return counts
    }

    private enum End: CustomStringConvertible {
        case hang
        case signal(Int32)
        case code(Int32)

        var description: String {
            switch self {
            case .hang: "took more than \(Worker.seconds) seconds"
            case .signal(let signal): "ended the process by signal \(signal)"
            case .code(let code): "ended the process with \(code)"
            }
        }
    }

    /// Lets a worker read inputs until it ends, and gives its lines.
    private func work(_ reader: Reader, first: Int, count: Int) throws -> (lines: [String], end: End) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--work", reader.name, "\(options.seed)", "\(first)", "\(count)"]
        var environment = ProcessInfo.processInfo.environment
        environment["OMP_NUM_THREADS"] = "1"
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment["BALLAST_FUZZ_ROOT"] = FileManager.default.currentDirectoryPath
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        var (bytes, isHanging) = ([UInt8](), false)
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Processor time ends what computes; this ends what waits.
            guard poll(&waiting, 1, Int32(3 * Worker.seconds) * 1000) > 0 else {
                isHanging = true
                kill(process.processIdentifier, SIGKILL)
                break
            }
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let got = read(descriptor, &piece, piece.count)
            guard got > 0 else { break }
            bytes += piece.prefix(got)
        }
        process.waitUntilExit()
        let status = process.terminationStatus
        let end: End =
            process.terminationReason == .exit
            ? .code(status) : isHanging || status == SIGXCPU ? .hang : .signal(status)
        return (String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init), end)
    }
}
