import Hosts
import ProcessGroups
import Testing
import Training

@Suite struct FaultScheduleTests {
    @Test func offByDefault() throws {
        for schedule in [
            FaultSchedule.none, try FaultSchedule(parsing: ""), try FaultSchedule(parsing: " ; "),
            try FaultSchedule.of(environment: ["PATH": "/bin"]),
        ] {
            for point in FaultPoint.allCases { #expect(try schedule.reach(point, step: 0, rank: 0) == nil) }
        }
    }

    @Test func happensAtItsStepPointAndRankOnly() throws {
        let schedule = try FaultSchedule.of(environment: [
            "BALLAST_FAULTS":
                "step=3,rank=1,point=inside-all-reduce,kind=throw; kind = throw, point = forward , step = 0"
        ])
        for step in 0...4 {
            for rank in 0...2 {
                for point in FaultPoint.allCases {
                    let due =
                        step == 3 && rank == 1 && point == .insideAllReduce || step == 0 && point == .forward
                    var thrown: InjectedFault?
                    do {
                        try schedule.reach(point, step: step, rank: rank)
                    } catch { thrown = error }
                    #expect((thrown != nil) == due, "step \(step), rank \(rank), \(point)")
                    if let thrown {
                        #expect(thrown.point == point && thrown.step == step && thrown.rank == rank)
                        #expect(ExitCode.of(thrown) == 70)
                    }
                }
            }
        }
    }

    @Test func facesOfWriting() throws {
        let schedule = try FaultSchedule(
            parsing: "step=1,point=before-write,kind=disk-full;step=1,point=half-written,kind=short-write;")
        #expect(try schedule.reach(.beforeWrite, step: 1, rank: 0) == .diskFull)
        #expect(try schedule.reach(.halfWritten, step: 1, rank: 0) == .shortWrites)
        #expect(try schedule.reach(.beforeFsync, step: 1, rank: 0) == nil)
    }

    @Test(arguments: [
        (
            "step=3",
            "point= is missing; there are forward, backward, inside-all-reduce, optimizer, before-write"
        ),
        ("step=3,point=forward", "kind= is missing; there are sigkill, throw, hang, disk-full, short-write"),
        ("point=forward,kind=throw", "step= is missing"),
        ("step=3,point=Forward,kind=throw", "point=Forward is unknown"),
        ("step=3,point=forward,kind=crash", "kind=crash is unknown"),
        ("step=-3,point=forward,kind=throw", "step=-3 is not a number from 0"),
        ("step=x,point=forward,kind=throw", "step=x is not"),
        ("step=,point=forward,kind=throw", "step= is not"),
        ("step=3,rank=a,point=forward,kind=throw", "rank=a is not"),
        ("step=3,step=4,point=forward,kind=throw", "step is given twice"),
        (
            "step=3,epoch=1,point=forward,kind=throw",
            "\"epoch=1\" is not one of step=, rank=, point= and kind="
        ),
        ("step=3,,point=forward,kind=throw", "\"\" is not one of"),
        ("step==3,point=forward,kind=throw", "\"step==3\" is not one of"),
        ("on", "\"on\" is not one of"),
        (
            "step=3,point=backward,kind=disk-full",
            "disk-full is possible at before-write and half-written only"
        ),
        ("step=3,point=before-rename,kind=short-write", "short-write is possible at before-write and"),
    ])
    func malformed(text: String, message: String) {
        let error = #expect(throws: FaultScheduleError.self) {
            try FaultSchedule(parsing: "step=1,point=forward,kind=throw;" + text)
        }
        #expect(error?.exitCode == 64)
        #expect(error?.description.hasPrefix("BALLAST_FAULTS: \"\(text)\": ") == true)
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        (FaultPoint.beforeWrite, 1), (.halfWritten, 1), (.beforeFsync, 1), (.beforeRename, 1),
        (.afterRename, 2),
    ])
    func theStoreThrowsAtEachPoint(point: FaultPoint, newest: Int) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store(faults: "step=2,point=\(point.rawValue),kind=throw")
        try store.write(example(step: 1))
        let error = #expect(throws: InjectedFault.self) { try store.write(example(step: 2)) }
        #expect(error?.point == point)
        #expect(try scratch.names() == (1...newest).map { "step-0000000\($0)" })
        try expectExample(try store.newestGood().checkpoint, step: newest)
        try store.write(example(step: 3))
        try expectExample(try store.newestGood().checkpoint, step: 3)
    }

    @Test(arguments: [FaultPoint.beforeWrite, .halfWritten])
    func theStoreBringsWriteFaultsAbout(point: FaultPoint) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store(
            faults:
                "step=2,point=\(point.rawValue),kind=disk-full;step=3,point=\(point.rawValue),kind=short-write"
        )
        try store.write(example(step: 1))
        let error = #expect(throws: CheckpointError.self) { try store.write(example(step: 2)) }
        #expect(error?.errorNumber == 28)
        let start = point == .beforeWrite ? "cannot write byte 0 of " : "cannot write byte "
        #expect(error?.problem.hasPrefix(start) == true)
        #expect(try scratch.names() == ["step-00000001"])
        try store.write(example(step: 3))
        try expectExample(try store.newestGood().checkpoint, step: 3)
    }
}
