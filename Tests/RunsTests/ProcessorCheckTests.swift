import Hosts
import Runs
import TestSupport
import Testing

@Suite struct ProcessorCheckTests {
    private static let (old, new) = (
        Processor(model: "AMD EPYC 7B13", instructions: "AVX2"),
        Processor(model: "Intel Xeon 8481C", instructions: "AVX-512 with AMX")
    )

    @Test func hostsThatAreAlikeAreNotMentioned() {
        #expect(ProcessorCheck.notices([Self.old, Self.old], ["a", "b"]).isEmpty)
    }

    @Test func eachKindIsNamedWithItsHosts() throws {
        let notices = ProcessorCheck.notices(
            [Self.old, Self.old, Self.new, Self.old], ["a", "a", "b", "c"])
        let notice = try #require(notices.first)
        #expect(notices.count == 1)
        #expect(
            notice.hasPrefix(
                "notice: hosts have different processors: AMD EPYC 7B13 with AVX2 on a, c; "
                    + "Intel Xeon 8481C with AVX-512 with AMX on b. "), "\(notice)")
    }

    /// The same model, of which one host may use less: `DNNL_MAX_CPU_ISA` is set there.
    @Test func instructionsCountToo() {
        var limited = Self.new
        limited.instructions = "AVX2"
        #expect(ProcessorCheck.notices([Self.new, limited], ["a", "b"]).count == 1)
    }

    @Test func manyHostsAreCounted() {
        let hosts = (0..<7).map { "h\($0)" }
        let notices = ProcessorCheck.notices([Self.old] + Array(repeating: Self.new, count: 6), hosts)
        #expect(notices.first?.contains("on h1, h2, h3, h4 and 2 more. ") == true)
    }

    @Test func theNameStandsInTheSystemsFile() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let file = try folder.write(
            Array("processor\t: 0\nmodel name\t: AMD  EPYC 7B13 \nflags\t: avx2\n".utf8), as: "cpuinfo")
        #expect(Processor.current(instructions: "AVX2", information: file) == Self.old)
        let unknown = Processor.current(instructions: "", information: folder.path + "/none")
        #expect(unknown.words == "a processor without a name")
    }
}
