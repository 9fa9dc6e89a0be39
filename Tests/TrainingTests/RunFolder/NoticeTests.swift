import ProcessGroups
import TestSupport
import Testing
import Training

/// What a run says as a notice is in its log.
@Suite struct NoticeTests {
    private static func notices(_ bench: TrainerBench) throws -> [String] {
        try bench.lines().filter { $0["event"] as? String == "notice" }.map {
            "\($0["step"] as? Int ?? -1) \($0["text"] as? String ?? "none")"
        }
    }

    /// Those of a start stand before its first step, each once, on one line.
    @Test func whatWasSaidBeforeTheFirstStepIsLogged() throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let folder = scratch.path + "/run"
        let first = ["0 a\\u{A}b \\u{1B}[2J", "0 again"]
        let step: Int
        do {
            let said = ["notice: a\nb \u{1B}[2J", "no notice", "notice: again", "notice: again"]
            let bench = try TrainerBench(
                SoloGroup(), folder: folder, .init(everySteps: 2, stopBefore: 5, said: said))
            #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
            #expect(try Self.notices(bench) == first)
            #expect(try bench.events().prefix(3) == ["notice", "notice", "step"])
            step = try #require(bench.store.newestGood().checkpoint?.step)
        }
        let bench = try TrainerBench(
            SoloGroup(), folder: folder, .init(everySteps: 2, said: ["notice: again"]))
        _ = try bench.trainer.run()
        #expect(try Self.notices(bench) == first + ["\(step) again"])
        #expect(try bench.events().last == "finished")
    }

    @Test func longTextsAreShortened() throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let long = String(repeating: "x", count: 2000)
        let bench = try TrainerBench(
            SoloGroup(), folder: scratch.path + "/run", .init(said: ["notice: " + long]))
        _ = try bench.trainer.run()
        let notices = try Self.notices(bench)
        #expect(notices.count == 1 && notices[0].hasPrefix("0 xxx") && notices[0].count < 520)
    }
}
