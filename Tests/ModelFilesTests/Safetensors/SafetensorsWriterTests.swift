internal import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

@Suite struct SafetensorsWriterTests {
    private func example(reversed: Bool = false) -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: ["b": "two \"lines\"\n\u{1}", "a": "ä\\"])
        let names = ["conv1.weight", "zeta", "bn1.bias"]
        for (index, name) in (reversed ? names.reversed() : names).enumerated() {
            let number = reversed ? 2 - index : index
            writer.add(name, Tensor([number + 1, 3], (0..<3 * (number + 1)).map { Float($0) + 0.5 }))
        }
        writer.add("count", integers: [.min, -1, .max], shape: [3])
        writer.add("alone", Tensor(scalar: -0.0))
        return writer
    }

    @Test func writesWhatItReads() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/model.safetensors"
        try example().write(to: path)
        let file = try SafetensorsFile(contentsOf: path)
        #expect(file.names == ["alone", "bn1.bias", "conv1.weight", "count", "zeta"])
        #expect(file.metadata == ["b": "two \"lines\"\n\u{1}", "a": "ä\\"])
        #expect(try file.tensor("zeta").elements == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
        #expect(file.shape(of: "bn1.bias") == [3, 3])
        #expect(try file.integers("count") == [.min, -1, .max])
        #expect(try file.tensor("alone").scalar.sign == .minus)
        #expect(try folder.names == ["model.safetensors"])
        #expect(try contents(path) == example().serialized())
    }

    @Test func bytesDoNotDependOnTheOrderOfAdding() {
        #expect(example().serialized() == example(reversed: true).serialized())
    }

    @Test func dataAreAlignedToTheirElements() throws {
        let bytes = example().serialized()
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length % 8 == 0)
        let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
        // The 64-bit integers come first, the floats after them by name.
        #expect(header.contains(#""count":{"dtype":"I64","shape":[3],"data_offsets":[0,24]}"#))
        #expect(header.contains(#""alone":{"dtype":"F32","shape":[],"data_offsets":[24,28]}"#))
        let json = try JSONSerialization.jsonObject(with: Data(header.utf8)) as? [String: Any]
        #expect(json?.count == 6)
    }

    @Test func aFileWithoutTensorsIsOne() throws {
        #expect(try openingError(SafetensorsWriter().serialized(), in: ScratchFolder()) == nil)
    }

    @Test func replacesAFileThatIsBeingRead() throws {
        let folder = try ScratchFolder()
        let path = folder.path + "/model.safetensors"
        try example().write(to: path)
        let before = try SafetensorsFile(contentsOf: path)
        var writer = SafetensorsWriter()
        writer.add("zeta", Tensor(repeating: 9, [2, 3]))
        try writer.write(to: path)
        #expect(try before.tensor("zeta").elements == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
        #expect(try SafetensorsFile(contentsOf: path).tensor("zeta").elements == [9, 9, 9, 9, 9, 9])
    }

    @Test func aFailureLeavesNothingBehind() throws {
        let folder = try ScratchFolder()
        let target = folder.path + "/folder"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        let renamed = #expect(throws: SafetensorsError.self) { try example().write(to: target) }
        #expect(renamed?.kind == .inputOutput && renamed?.path == target)
        #expect(try folder.names == ["folder"])
        let created = #expect(throws: SafetensorsError.self) { try example().write(to: target + "/no/file") }
        #expect(created?.detail.contains("No such file") == true && created?.exitCode == 74)
    }
}
