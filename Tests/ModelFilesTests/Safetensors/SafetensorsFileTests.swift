import ModelFiles
import Tensors
import TestSupport
import Testing

/// Files that other programs wrote.
@Suite struct SafetensorsFileTests {
    @Test func readsAGoldenFile() throws {
        let file = try SafetensorsFile(contentsOf: fixture("delta-attention-weights.safetensors"))
        #expect(file.names == ["input.loss_increase", "output.attention"])
        #expect(file.metadata["case"] == "delta-attention-weights")
        #expect(file.shape(of: "output.attention") == [64])
        let tensor = try file.tensor("input.loss_increase")
        #expect(tensor.shape == [64])
        #expect(
            Array(tensor.elements.prefix(3)) == [6.33863639831543, 1.6691830158233643, 2.4494152069091797])
        #expect(try file.tensor("output.attention").elements[4] == 0.012509849853813648)
    }

    @Test func convertsFloats() throws {
        let file = try SafetensorsFile(contentsOf: fixture("every-type.safetensors"))
        #expect(try file.tensor("half").elements == [0, -0.0, 1, -2.5, 65504, 0x1p-24, .infinity])
        #expect(try file.tensor("half").elements[1].sign == .minus)
        #expect(try file.tensor("brain").elements == [1, -2.5, 3.140625, Float(bitPattern: 0x7E96_0000)])
        #expect(try file.tensor("double").elements == [0.1, Float(1) / 3, 0, -7])
        #expect(try file.tensor("double").shape == [2, 2])
        #expect(try file.tensor("single").elements == [1, 2, 3, 4, 5, 6])
        #expect(try file.tensor("scalar").shape == [] && file.tensor("scalar").scalar == 4.5)
        #expect(try file.tensor("empty").shape == [0, 3])
        #expect(file.metadata["note"] == "tab\t, quote \", ä, \u{1F600}")
    }

    @Test func readsIntegers() throws {
        let file = try SafetensorsFile(contentsOf: fixture("every-type.safetensors"))
        let expected: [String: [Int]] = [
            "i8": [-128, 127], "u8": [0, 255], "i16": [-32_768], "u16": [65_535], "i32": [-5, 7],
            "u32": [4_294_967_295], "i64": [.min, .max], "u64": [9], "flags": [1, 0, 1],
        ]
        for (name, integers) in expected { #expect(try file.integers(name) == integers, "\(name)") }
    }

    @Test(arguments: [
        ("i64", true), ("u64-large", false), ("single", false), ("half", false), ("flags", true),
    ])
    func refusesTheWrongType(name: String, asTensor: Bool) throws {
        let file = try SafetensorsFile(contentsOf: fixture("every-type.safetensors"))
        let error = #expect(throws: SafetensorsError.self) {
            if asTensor { _ = try file.tensor(name) } else { _ = try file.integers(name) }
        }
        #expect(error?.kind == .elementType && error?.exitCode == 65)
        #expect(error?.detail.contains("\"\(name)\"") == true)
    }

    @Test func namesWhatIsMissing() throws {
        let file = try SafetensorsFile(contentsOf: fixture("delta-attention-weights.safetensors"))
        #expect(file.shape(of: "weight") == nil)
        let error = #expect(throws: SafetensorsError.self) { try file.tensor("weight") }
        #expect(error?.kind == .missing && error?.detail.contains("output.attention") == true)
    }

    @Test func reportsTheSystemsReason() throws {
        let folder = try ScratchFolder()
        let missing = #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(contentsOf: folder.path + "/none")
        }
        #expect(missing?.kind == .inputOutput && missing?.exitCode == 74)
        #expect(missing?.detail.contains("No such file") == true)
        let directory = #expect(throws: SafetensorsError.self) {
            try SafetensorsFile(contentsOf: folder.path)
        }
        #expect(directory?.detail.contains("regular file") == true)
    }

    @Test func canonicallyEqualNamesAreNotMixedUp() throws {
        // U+00E9 against U+0065 U+0301: two keys in JSON, one string in Swift.
        let entry = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
        let header = "{\"\u{E9}\":\(entry),\"e\u{301}\":\(entry)}"
        #expect(try openingError(assembled(header), in: ScratchFolder())?.kind == .header)
    }
}
