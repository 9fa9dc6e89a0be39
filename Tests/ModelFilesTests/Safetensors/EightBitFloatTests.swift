import ModelFiles
import TestSupport
import Testing

/// Floats of every type that safetensors has, as weights and as counts.
@Suite struct EightBitFloatTests {
    private static func file(
        _ type: String, _ bytes: [UInt8], shape: String, _ folder: ScratchFolder
    ) throws -> SafetensorsFile {
        let header = """
            {"x":{"dtype":"\(type)","shape":\(shape),"data_offsets":[0,\(bytes.count)]}}
            """
        return try SafetensorsFile(
            contentsOf: folder.write(assembled(header, data: bytes), as: "x.safetensors"))
    }

    /// Bit patterns and the numbers that the formats' definitions give.
    static let patterns: [(type: String, bytes: [UInt8], values: [Float])] = [
        // 1.0, -2, the largest, the least subnormal, zero.
        ("F8_E4M3", [0x38, 0xC0, 0x7E, 0x01, 0x00], [1, -2, 448, 0x1p-9, 0]),
        ("F8_E5M2", [0x3C, 0xC0, 0x7B, 0x01, 0x7C], [1, -2, 57344, 0x1p-16, .infinity]),
        ("F8_E4M3FNUZ", [0x40, 0xC8, 0x7F, 0x01, 0x00], [1, -2, 240, 0x1p-10, 0]),
        ("F8_E5M2FNUZ", [0x40, 0xC4, 0x7F, 0x01, 0x00], [1, -2, 57344, 0x1p-17, 0]),
        ("F8_E8M0", [0x7F, 0x80, 0x7E, 0x00, 0xFE], [1, 2, 0.5, 0x1p-127, 0x1p127]),
    ]

    @Test(arguments: patterns.indices)
    func bitPatternsAreTheirNumbers(index: Int) throws {
        let folder = try ScratchFolder()
        let (type, bytes, values) = Self.patterns[index]
        let tensor = try Self.file(type, bytes, shape: "[5]", folder).tensor("x")
        #expect(tensor.elements == values, "\(type): \(tensor.elements)")
    }

    @Test(arguments: [("F8_E4M3", 0xFF), ("F8_E4M3FNUZ", 0x80), ("F8_E5M2FNUZ", 0x80), ("F8_E8M0", 0xFF)])
    func eachHasItsNaN(type: String, bits: Int) throws {
        let folder = try ScratchFolder()
        let file = try Self.file(type, [UInt8(bits)], shape: "[1]", folder)
        #expect(try file.tensor("x").scalar.isNaN)
        // A count that became too large when it was cast.
        #expect(try file.counter("x") == 0)
    }

    /// The count 4 in every type that a whole file may be cast to.
    @Test(
        arguments: [
            ("F64", [0, 0, 0, 0, 0, 0, 0x10, 0x40]), ("F32", [0, 0, 0x80, 0x40]), ("F16", [0, 0x44]),
            ("BF16", [0x80, 0x40]), ("F8_E4M3", [0x48]), ("F8_E5M2", [0x44]), ("F8_E4M3FNUZ", [0x50]),
            ("F8_E5M2FNUZ", [0x48]), ("F8_E8M0", [0x81]), ("I64", [4, 0, 0, 0, 0, 0, 0, 0]), ("U8", [4]),
        ] as [(String, [UInt8])], ["[]", "[1]"])
    func aCountIsTakenFromEveryType(stored: (type: String, bytes: [UInt8]), shape: String) throws {
        let folder = try ScratchFolder()
        #expect(try Self.file(stored.type, stored.bytes, shape: shape, folder).counter("x") == 4)
    }
}
