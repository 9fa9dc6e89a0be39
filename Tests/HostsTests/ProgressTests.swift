import Dispatch
import Hosts
import Synchronization
import Testing

/// What a person is shown of long work.
@Suite struct ProgressTests {
    /// Lines that were said.
    private final class Lines: Sendable {
        private let said = Mutex<[String]>([])
        var all: [String] { said.withLock { $0 } }
        func add(_ line: String) { said.withLock { $0.append(line) } }
    }

    private static let step = ProgressText(
        share: 0.256,
        [
            .init("step 256/1000", weight: 6), .init("epoch 3/10", weight: 2),
            .init("loss 0.1234", weight: 5),
            .init("accuracy 93.8 %", weight: 3), .init("35.0 images/s", weight: 1),
            .init("12 min 3 s left", weight: 4), .init("rank 3 is slowest: images", weight: 0),
        ])

    @Test func aLineFitsAnyTerminal() {
        for columns in 0...200 {
            let line = Self.step.line(columns: columns)
            #expect(line.count <= max(columns - 1, 0), "\(columns): \(line)")
        }
        #expect(
            Self.step.line(columns: 160)
                == "[#######-----------------------] 25 %  step 256/1000  epoch 3/10  loss 0.1234  "
                + "accuracy 93.8 %  35.0 images/s  12 min 3 s left  rank 3 is slowest: images")
        #expect(
            Self.step.line(columns: 80)
                == "[##--------] 25 %  step 256/1000  loss 0.1234  accuracy 93.8 %  12 min 3 s left")
        #expect(Self.step.line(columns: 24) == "25 %  step 256/1000")
    }

    @Test(arguments: [(-1, 0), (.nan, 0), (0.999, 99), (7, 100)])
    func aShareIsOne(_ share: Double, _ percent: Int) {
        let line = ProgressText(share: share, [.init("work", weight: 0)]).line(columns: 80)
        #expect(line.hasSuffix("] \(percent) %  work"))
    }

    @Test func aLogHasALineAtEachTwentieth() {
        let lines = Lines()
        var line = WorkLine("decoding", on: .log { lines.add($0) })
        for second in 1...1000 {
            line.show(Double(second) / 1000, "\(second)/1000 images", after: Double(second), secondsLeft: 61)
        }
        #expect(lines.all.count == 19)
        #expect(lines.all.first == "decoding: 5 % done, 50/1000 images, about 1 min 1 s left")
        let few = Lines()
        var quick = WorkLine("decoding", on: .log { few.add($0) })
        for second in 1...30 { quick.show(Double(second) / 30, after: Double(second), secondsLeft: 1) }
        #expect(few.all.count == 2, "\(few.all)")
    }

    @Test func aTerminalIsRenewedAfterASecond() {
        let lines = Lines()
        var line = WorkLine("decoding", on: .terminal { lines.add($0.line(columns: 60)) })
        for eighth in 1...16 {
            line.show(Double(eighth) / 16, after: Double(eighth) / 8, secondsLeft: 2 - Double(eighth) / 8)
        }
        // At 1, 1.25, 1.5, 1.75 and 2 seconds.
        #expect(lines.all.count == 5, "\(lines.all)")
        #expect(lines.all.first?.hasSuffix("] 50 %  decoding  about 1 s left") == true, "\(lines.all)")
    }

    /// Pieces are counted on any threads, and more than there should be are no more than all.
    @Test func aMeterCounts() {
        let lines = Lines()
        let meter = WorkMeter("decoding", of: 100, "images", on: .log { lines.add($0) })
        DispatchQueue.concurrentPerform(iterations: 150) { _ in meter.advance() }
        #expect(lines.all.isEmpty, "no ten seconds have passed")
        WorkMeter("nothing", of: 0, "images", on: .log { lines.add($0) }).advance()
    }

    @Test func aTerminalIsKnown() {
        #expect(Terminal(isTerminal: true, environment: ["TERM": "xterm"]) != nil)
        #expect(Terminal(isTerminal: false, environment: ["TERM": "xterm"]) == nil)
        #expect(Terminal(isTerminal: true, environment: ["TERM": "dumb"]) == nil)
        #expect(Terminal(isTerminal: true, environment: [:]) == nil)
        #expect(Terminal(isTerminal: false, environment: ["BALLAST_COLUMNS": "97"])?.columns == 97)
        for wrong in ["", "0", "-1", "many", "99999999999999999999"] {
            #expect(Terminal(isTerminal: false, environment: ["BALLAST_COLUMNS": wrong]) == nil)
        }
    }

    @Test(arguments: [
        (0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (24060, "6 h 41 min"), (.infinity, "0 s"),
        (-5, "0 s"), (1e300, "277777 h 46 min"),
    ])
    func durationsAreWords(_ seconds: Double, _ words: String) {
        #expect(DurationText.words(seconds) == words)
    }

    @Test(arguments: [
        (0, "0.0 ms"), (0.01234, "12.3 ms"), (0.99996, "1.00 s"), (4.556, "4.56 s"), (59.99, "59.99 s"),
        (59.996, "1 min 0 s"), (150, "2 min 30 s"), (24060, "6 h 41 min"), (.nan, "0 s"), (-5, "0 s"),
    ])
    func measuredDurationsHaveDigits(_ seconds: Double, _ words: String) {
        #expect(DurationText.measured(seconds) == words)
    }
}
