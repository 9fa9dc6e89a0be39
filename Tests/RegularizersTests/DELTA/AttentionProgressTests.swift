import Hosts
import Regularizers
import Synchronization
import Testing

/// Lines that were said.
private final class Lines: Sendable {
    private let said = Mutex<[String]>([])
    var all: [String] { said.withLock { $0 } }
    func add(_ line: String) { said.withLock { $0.append(line) } }
}

/// What a user is told of a long computation.
@Suite struct AttentionProgressTests {
    /// Lines of a computation, one piece of each kind first and then the others.
    ///
    /// - Parameters:
    ///   - kinds: Pieces of each kind, and seconds that one of them takes.
    private func lines(_ kinds: [(pieces: Int, seconds: Double)]) -> [String] {
        let lines = Lines()
        var time = 5.0
        var progress = AttentionProgress(
            pieces: kinds.map(\.pieces), advice: "; less is faster", on: .log { lines.add($0) },
            now: { time }, say: { lines.add($0) })
        func work(_ pieces: Int, _ kind: Int) {
            time += Double(pieces) * kinds[kind].seconds
            progress.didScore(pieces, ofKind: kind)
        }
        for kind in kinds.indices { work(1, kind) }
        for kind in kinds.indices {
            for _ in 1..<kinds[kind].pieces { work(1, kind) }
        }
        progress.finish()
        return lines.all
    }

    /// The first pieces are the dearest: taken for all, they would promise three times as long.
    @Test func aLongOneIsEstimatedFromAPieceOfEachKind() {
        let found = lines([(2560, 4), (5120, 2), (10240, 0.375)])
        #expect(
            found[0] == "attention: this will take about 6 h 45 min, as its first 6 s show; less is faster")
        // One at every twentieth; the last is that all is done.
        #expect(found.count == 21)
        #expect(found[10].hasPrefix("attention: 50 % done, about 3 h 22 min left"), "\(found[10])")
        #expect(found.last == "attention: scores took 6 h 45 min")
    }

    @Test func aShortOneSaysOnlyWhatItTook() {
        #expect(lines([(10, 0.1)]) == ["attention: scores took 1 s"])
        #expect(lines([(10, 1)]) == ["attention: scores took 10 s"])
    }

    /// Lines come no more often than every ten seconds.
    @Test func aMediumOneSaysLittle() {
        #expect(
            lines([(100, 0.5)]) == [
                "attention: this will take about 48 s, as its first 2 s show; less is faster",
                "attention: 24 % done, about 38 s left", "attention: 44 % done, about 28 s left",
                "attention: 64 % done, about 18 s left", "attention: 84 % done, about 8 s left",
                "attention: scores took 50 s",
            ])
    }
}
