import ModelFiles
import TestSupport
import Testing

/// Damaged files end in an error of exit code 65 or give numbers; they never crash, hang or take memory.
@Suite struct PyTorchDamageTests {
    private func check(_ bytes: [UInt8], in folder: ScratchFolder, _ what: String) throws -> Bool {
        guard let error = try readingError(bytes, in: folder) else { return true }
        let code = (error as? WeightFileError)?.exitCode ?? (error as? SafetensorsError)?.exitCode
        #expect(code == 65, "\(what): \(error)")
        return false
    }

    /// Cut anywhere, a file is refused: the end of an archive is its list of files, that of an old file its data.
    @Test(arguments: ["views-protocol-2.pth", "views-zip64.pth", "views-legacy.pth", "views-deflated.pth"])
    func everyTruncationIsNoticed(_ name: String) throws {
        let folder = try ScratchFolder()
        let bytes = try contents(pyTorchFixture(name))
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(
                try !check(Array(bytes[..<count]), in: folder, "cut to \(count)"),
                "cut to \(count) of \(bytes.count) bytes")
        }
    }

    @Test(arguments: ["views-protocol-2.pth", "views-zip64.pth", "views-legacy.pth", "views-deflated.pth"])
    func mutationsNeverCrash(_ name: String) throws {
        let folder = try ScratchFolder()
        let original = try contents(pyTorchFixture(name))
        var generator = SplitMix(state: UInt64(name.utf8.count))
        var accepted = 0
        for round in 0..<600 {
            var bytes = original
            for _ in 0...generator.next(below: 4) {
                let place = generator.next(below: bytes.count)
                switch generator.next(below: 4) {
                case 0: bytes[place] ^= 1 << UInt8(generator.next(below: 8))
                case 1: bytes[place] = UInt8(generator.next(below: 256))
                case 2: bytes.remove(at: place)
                default: bytes.insert([0, 0x7F, 0x80, 0xFF][generator.next(below: 4)], at: place)
                }
            }
            if try check(bytes, in: folder, "round \(round)") { accepted += 1 }
        }
        // Some change nothing that matters, such as a date in an archive.
        #expect(accepted < 600)
    }

    /// The pickle alone is damaged: its checksum would hide that.
    @Test func mutatedPicklesNeverCrash() throws {
        let folder = try ScratchFolder()
        let original = try contents(pyTorchFixture("views-legacy.pth"))
        var generator = SplitMix(state: 7)
        for round in 0..<1500 {
            var bytes = original
            for _ in 0...generator.next(below: 3) {
                bytes[15 + generator.next(below: 2000)] = UInt8(generator.next(below: 256))
            }
            _ = try check(bytes, in: folder, "round \(round)")
        }
    }
}

/// The same draws in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
