import ModelFiles
import Tensors
import TestSupport
import Testing

/// Damaged files end in an error, never in a crash and never in other numbers.
@Suite struct SafetensorsDamageTests {
    private func smallFile() -> [UInt8] {
        var writer = SafetensorsWriter(metadata: ["key": "value"])
        writer.add("weight", Tensor([2, 3], [1, 2, 3, 4, 5, 6]))
        writer.add("labels", integers: [3, 4], shape: [2])
        return writer.serialized()
    }

    @Test func everyTruncationIsNoticed() throws {
        let folder = try ScratchFolder()
        let bytes = smallFile()
        for count in 0..<bytes.count {
            let error = try openingError(Array(bytes[..<count]), in: folder)
            #expect(error?.exitCode == 65, "cut to \(count) of \(bytes.count) bytes")
        }
        #expect(try openingError(bytes, in: folder) == nil)
        #expect(try openingError(bytes + [0], in: folder)?.kind == .extent)
    }

    @Test func flippedBitsInTheHeaderNeverCrash() throws {
        let folder = try ScratchFolder()
        let bytes = smallFile()
        let headerEnd = bytes.count - 6 * 4 - 2 * 8
        var accepted = 0
        for position in 0..<headerEnd {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[position] ^= 1 << bit
                let path = try folder.write(damaged, as: "file.safetensors")
                do {
                    // What is accepted must still be readable: a letter of a name, for example.
                    let file = try SafetensorsFile(contentsOf: path)
                    for name in file.names {
                        _ = try? file.tensor(name)
                        _ = try? file.integers(name)
                    }
                    accepted += 1
                } catch {
                    #expect(error.exitCode == 65)
                }
            }
        }
        #expect(accepted > 0 && accepted < headerEnd * 8 / 2)
    }

    @Test(arguments: [UInt64(0), 1, 9_000, 100_000_001, 1 << 32, 1 << 63, .max])
    func headerLength(length: UInt64) throws {
        let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
        #expect(try openingError(bytes, in: ScratchFolder())?.kind == .header)
    }

    @Test(arguments: [
        "", "  ", "[]", "{", "{}x", "{} {}", "null", "1", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}",
        "{\"a\":1}", "{\"a\":[]}", "{\"a\":{}}", "\u{FEFF}{}", "{\"__metadata__\":[]}",
        "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":null}", "{\"a\u{1}\":{}}", "{\"\\x\":{}}",
        "{\"\\ud800\":{}}", "{\"\\ud800\\u0041\":{}}", "{\"\\u12\":{}}", "{\"a\":tru}", "{\"a\":01}",
        "{\"a\":-}", "{\"a\":1.}", "{\"a\":1e}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", "{\"__metadata__\":{},\"__metadata__\":{}}",
    ])
    func notAHeader(text: String) throws {
        #expect(try openingError(assembled(text), in: ScratchFolder())?.kind == .header, "\(text)")
    }

    @Test func deepNestingIsRefused() throws {
        let text = "{\"a\":" + String(repeating: "[", count: 100_000)
        let error = try openingError(assembled(text), in: ScratchFolder())
        #expect(error?.detail.contains("nesting") == true)
    }

    @Test func textThatIsNotUTF8IsRefused() throws {
        var bytes = assembled("{\"a?\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")
        bytes[11] = 0xFF
        #expect(try openingError(bytes, in: ScratchFolder())?.detail.contains("UTF-8") == true)
    }

    @Test(arguments: [
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, nil),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8],"note":[{"x":null}]}"#, nil),
        (#"{"dtype":"F31","shape":[2],"data_offsets":[0,8]}"#, SafetensorsError.Kind.header),
        (#"{"dtype":32,"shape":[2],"data_offsets":[0,8]}"#, .header),
        (#"{"shape":[2],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[2]}"#, .header),
        (#"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#, .header),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}"#, .header),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#, .header),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#, .header),
        (#"{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}"#, .header),
        (#"{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}"#, .header),
        (#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#, .header),
        (#"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#, .extent),
        (#"{"dtype":"F64","shape":[2],"data_offsets":[0,8]}"#, .extent),
        (#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, .extent),
        (#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, .extent),
        (#"{"dtype":"F32","shape":[4],"data_offsets":[0,16]}"#, .extent),
        (#"{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775799,9223372036854775807]}"#, .extent),
    ])
    func entry(text: String, kind: SafetensorsError.Kind?) throws {
        let bytes = assembled("{\"x\":\(text)}", data: [UInt8](repeating: 0, count: 8))
        #expect(try openingError(bytes, in: ScratchFolder())?.kind == kind, "\(text)")
    }

    @Test(arguments: [
        ([0, 4], [4, 8], true), ([4, 8], [0, 4], true), ([0, 4], [0, 4], false), ([0, 8], [4, 8], false),
        ([0, 4], [8, 12], false), ([0, 0], [0, 8], true), ([8, 8], [0, 8], true), ([4, 4], [0, 8], false),
    ])
    func ranges(first: [Int], second: [Int], isValid: Bool) throws {
        func entry(_ range: [Int]) -> String {
            #"{"dtype":"U8","shape":[\#(range[1] - range[0])],"data_offsets":[\#(range[0]),\#(range[1])]}"#
        }
        let header = "{\"a\":\(entry(first)),\"b\":\(entry(second))}"
        let bytes = assembled(header, data: [UInt8](repeating: 0, count: 8))
        #expect(try openingError(bytes, in: ScratchFolder())?.kind == (isValid ? nil : .extent))
    }

    @Test func aNameGivenTwiceIsRefused() throws {
        let entry = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
        // The second is written with an escape, which does not make it another name.
        let error = try openingError(assembled("{\"a\":\(entry),\"\\u0061\":\(entry)}"), in: ScratchFolder())
        #expect(error?.detail.contains("twice") == true)
    }
}
