import TestSupport
import Testing
import Training

/// What of a log stays when a run goes on after step 4.
@Suite struct RunLogTests {
    private func kept(_ text: String) throws -> String {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let log = try RunLog(contentsOf: folder.write(Array(text.utf8), as: "metrics.jsonl"))
        return String(decoding: log.kept(upTo: 4), as: UTF8.self)
    }

    private func step(_ number: Int) -> String { "{\"event\":\"step\",\"loss\":0.5,\"step\":\(number)}" }

    @Test func laterStepsAndTheEndGo() throws {
        let validation = "{\"event\":\"evaluation\",\"split\":\"validation\",\"step\":4}"
        let end =
            "{\"event\":\"evaluation\",\"split\":\"test\",\"step\":4}\n{\"event\":\"finished\",\"best-step\":4}\n"
        let start = "\(step(3))\n\(step(4))\n\(validation)\n"
        #expect(try kept(start + end + step(5) + "\n") == start)
        #expect(try kept("") == "")
    }

    @Test func noticesGoWithTheStepsAfterWhichTheyWereSaid() throws {
        func notice(_ number: Int) -> String {
            "{\"event\":\"notice\",\"step\":\(number),\"text\":\"\\\"step\\\":9\"}"
        }
        let start = "\(notice(0))\n\(step(4))\n\(notice(4))\n"
        #expect(try kept(start + "\(step(5))\n\(notice(5))\n") == start)
    }

    /// A carriage return and a line feed are one character of Swift's.
    @Test(arguments: ["\r\n", "\n"]) func endsOfLineOfAnyKind(end: String) throws {
        let lines = (1...6).map { step($0) + end }
        #expect(try kept(lines.joined()) == lines[..<4].joined())
    }

    @Test func aByteOrderMarkHidesNothing() throws {
        #expect(try kept("\u{FEFF}\(step(1))\n\(step(2))\n") == "\u{FEFF}\(step(1))\n\(step(2))\n")
        #expect(try kept("\u{FEFF}\(step(5))\n") == "")
    }

    /// What no run wrote is nobody's to remove.
    @Test func foreignLinesStayWhereTheyAre() throws {
        for line in [
            "# lower the rate here", "{\"note\": 1}", "[1, 2]", "", "{\"event\":\"mine\"}",
            "{\"step\":1e300}",
            String(repeating: "[", count: 100_000), String(repeating: "x", count: 1 << 21), "\0\0\0",
        ] {
            #expect(try kept("\(step(1))\n\(line)\n\(step(9))\n") == "\(step(1))\n\(line)\n")
        }
    }

    @Test func aLastLineThatWasCutOffGoes() throws {
        #expect(try kept("\(step(1))\n{\"event\":\"st") == "\(step(1))\n")
        #expect(try kept("\(step(1))\n\0\0\0\0") == "\(step(1))\n")
        // Only its end of line is missing.
        #expect(try kept("\(step(1))\n\(step(2))") == "\(step(1))\n\(step(2))\n")
    }

    @Test func whetherARunHasEnded() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        func log(_ text: String) throws -> RunLog {
            try RunLog(contentsOf: folder.write(Array(text.utf8), as: "metrics.jsonl"))
        }
        #expect(try !log(step(6)).isFinished && log(step(6)).tells(after: 5) && !log(step(6)).tells(after: 6))
        #expect(try log("\(step(6))\n{\"event\":\"finished\",\"best-step\":6}\r\n").isFinished)
        #expect(try !RunLog(contentsOf: folder.path + "/absent").isFinished)
        #expect(try !RunLog(contentsOf: folder.path).isFinished)
    }
}
