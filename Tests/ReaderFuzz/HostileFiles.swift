import Foundation

/// A file that was made to do harm.
struct HostileFile: Sendable {
    /// What it tries.
    let what: String
    let fileName: String
    /// Whether reading it may succeed, without harm.
    let isGood: Bool
    private let make: @Sendable () -> [UInt8]

    /// A file that is made when it is asked for: some are large.
    init(
        what: String, fileName: String, isGood: Bool = false,
        bytes: @autoclosure @escaping @Sendable () -> [UInt8]
    ) {
        (self.what, self.fileName, self.isGood, make) = (what, fileName, isGood, bytes)
    }

    /// Its contents.
    var bytes: [UInt8] { make() }
}

/// Files of weights and images that each try one thing: to be executed, to take memory or time without end, to lead the
/// reader outside of the file.
enum HostileFiles {
    /// What appears in the current folder where something was executed.
    static let marker = "hostile-was-here"

    static let all: [HostileFile] = safetensors + executing + pickles + archives + images

    // MARK: Safetensors

    private static func safetensors(
        _ what: String, _ json: @autoclosure @escaping @Sendable () -> String, data: Int = 0,
        length: UInt64? = nil,
        isGood: Bool = false
    ) -> HostileFile {
        HostileFile(
            what: what, fileName: "input.safetensors", isGood: isGood, bytes: file(json(), data, length))
    }

    private static func file(_ json: String, _ data: Int, _ length: UInt64?) -> [UInt8] {
        let header = Array(json.utf8)
        return joined(little(length ?? UInt64(header.count), 8), header, [UInt8](repeating: 0, count: data))
    }

    private static func tensor(_ type: String, _ shape: String, _ offsets: String) -> String {
        "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    private static let safetensors: [HostileFile] = {
        let large = String(Int.max)
        let one = tensor("F32", "[1]", "[0,4]")
        return [
            safetensors("no header", "", length: 0),
            safetensors("a header beyond the file", "{}", length: 1 << 20),
            safetensors("a header of 2^63 bytes", "{}", length: 1 << 63),
            safetensors("the largest header", "{}", length: .max),
            safetensors("nesting", String(repeating: "[", count: 50_000)),
            safetensors("nesting of objects", String(repeating: "{\"a\":", count: 50_000)),
            safetensors(
                "three million values", "{\"a\":[" + String(repeating: "1,", count: 3_000_000) + "1]}"),
            safetensors("a name twice", "{\"a\":\(one),\"a\":\(one)}", data: 4),
            safetensors("one letter in two spellings", "{\"\\u00e9\":\(one),\"e\\u0301\":\(one)}", data: 4),
            safetensors("an overlap", "{\"a\":\(one),\"b\":\(one)}", data: 4),
            safetensors("a hole", "{\"a\":\(one),\"b\":\(tensor("F32", "[1]", "[8,12]"))}", data: 12),
            safetensors("bytes left over", "{\"a\":\(one)}", data: 400),
            safetensors(
                "data cut off", "{\"a\":\(tensor("F32", "[1000000000]", "[0,4000000000]"))}", data: 4),
            safetensors(
                "a product that overflows", "{\"a\":\(tensor("F32", "[\(large),\(large)]", "[0,4]"))}",
                data: 4),
            safetensors(
                "a product that is 0 modulo 2^64",
                "{\"a\":\(tensor("F32", "[4294967296,4294967296]", "[0,0]"))}"),
            safetensors(
                "no elements in many rows", "{\"a\":\(tensor("F32", "[0,\(large)]", "[0,0]"))}", isGood: true),
            safetensors("descending offsets", "{\"a\":\(tensor("F32", "[1]", "[4,0]"))}", data: 4),
            safetensors("negative offsets", "{\"a\":\(tensor("F32", "[1]", "[-4,0]"))}", data: 4),
            safetensors(
                "offsets near 2^63", "{\"a\":\(tensor("F32", "[1]", "[9223372036854775803,\(large)]"))}",
                data: 4),
            safetensors(
                "offsets beyond 2^64", "{\"a\":\(tensor("F32", "[1]", "[0,99999999999999999999999]"))}",
                data: 4),
            safetensors("fractions as a shape", "{\"a\":\(tensor("F32", "[1.0]", "[0,4]"))}", data: 4),
            safetensors("a negative shape", "{\"a\":\(tensor("F32", "[-1]", "[0,4]"))}", data: 4),
            safetensors(
                "ten thousand dimensions",
                "{\"a\":\(tensor("F32", "[" + Array(repeating: "1", count: 10_000).joined(separator: ",") + "]", "[0,4]"))}",
                data: 4),
            safetensors("an unknown type", "{\"a\":\(tensor("F4\\u001b[2J", "[1]", "[0,4]"))}", data: 4),
            safetensors(
                "a type of a megabyte",
                "{\"a\":\(tensor(String(repeating: "F", count: 1 << 20), "[1]", "[0,4]"))}"),
            safetensors("a name of a megabyte", "{\"\(String(repeating: "n", count: 1 << 20))\":5}"),
            safetensors("a name that clears the screen", "{\"\\u001b[2J\\u001b]0;x\\u0007\":5}"),
            safetensors("metadata that is no text", "{\"__metadata__\":{\"a\":5}}"),
            safetensors("a lone surrogate", "{\"\\ud800\":\(one)}", data: 4),
            safetensors("two objects", "{}{}"),
            safetensors("a list", "[1,2,3]"), safetensors("an array in quotation marks", "\"{}\""),
            HostileFile(
                what: "an index that leads outside", fileName: "input.safetensors.index.json",
                bytes: Array("{\"weight_map\":{\"a\":\"../../../etc/passwd\"}}".utf8)),
            HostileFile(
                what: "an index that names an absolute path", fileName: "input.safetensors.index.json",
                bytes: Array("{\"weight_map\":{\"a\":\"/dev/zero\"}}".utf8)),
            HostileFile(
                what: "an index that names itself", fileName: "input.safetensors.index.json",
                bytes: Array("{\"weight_map\":{\"a\":\"input.safetensors.index.json\"}}".utf8)),
        ]
    }()

    // MARK: Pickles

    private static let legacyMagic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// A file of PyTorch's old format around a pickle.
    private static func legacy(
        _ what: String, _ pickle: @autoclosure @escaping @Sendable () -> [UInt8]
    ) -> HostileFile {
        let version: [UInt8] = [0x80, 0x02, 0x4D, 0xE9, 0x03, 0x2E]
        let system: [UInt8] = [0x80, 0x02, 0x7D, 0x2E]
        let keys: [UInt8] = [0x80, 0x02, 0x5D, 0x2E]
        return HostileFile(
            what: what, fileName: "input.pth",
            bytes: joined(legacyMagic, version, system, [0x80, 0x02], pickle(), keys))
    }

    private static func text(_ text: String) -> [UInt8] {
        joined([0x58], little(UInt64(text.utf8.count), 4), Array(text.utf8))
    }
    private static func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }
    private static func op(_ character: Character) -> [UInt8] { Array(String(character).utf8) }

    /// Calls of functions that would leave the marker, in every way that a pickle can ask for one.
    private static let executing: [HostileFile] = {
        let command = text("touch \(marker)")
        let python = text("open('\(marker)', 'w')")
        let functions: [(String, String, [UInt8])] = [
            ("os", "system", command), ("posix", "system", command), ("nt", "system", command),
            ("subprocess", "call", command), ("subprocess", "Popen", command), ("builtins", "exec", python),
            ("builtins", "eval", python), ("__builtin__", "eval", python), ("builtins", "open", text(marker)),
            ("builtins", "__import__", text("os")), ("runpy", "run_path", text(marker)),
            ("webbrowser", "open", command),
            ("torch.hub", "load", command), ("torch._utils", "_rebuild_tensor_v2", command),
        ]
        var files = functions.map { module, name, argument in
            legacy(
                "calls \(module).\(name)",
                joined(global(module, name), op("("), argument, op("t"), op("R"), op(".")))
        }
        let system = global("posix", "system")
        let tuple = joined(op("("), command, op("t"))
        files += [
            legacy("INST", joined(op("("), command, Array("iposix\nsystem\n".utf8), op("."))),
            legacy("OBJ", joined(op("("), system, command, op("o"), op("."))),
            legacy("NEWOBJ", joined(system, tuple, [0x81], op("."))),
            legacy("NEWOBJ_EX", joined(system, tuple, op("}"), [0x92], op("."))),
            legacy("STACK_GLOBAL", joined(text("posix"), text("system"), [0x93], tuple, op("R"), op("."))),
            legacy("BUILD", joined(system, tuple, op("R"), op("}"), op("b"), op("."))),
            legacy("a call whose result is called", joined(system, tuple, op("R"), tuple, op("R"), op("."))),
            legacy("the call as a key", joined(op("}"), system, tuple, op("R"), op("N"), op("s"), op("."))),
            legacy(
                "the call as a state_dict",
                joined(op("}"), text("state_dict"), system, tuple, op("R"), op("s"), op("."))),
            legacy(
                "a call within a tensor of a type",
                joined(
                    global("torch._tensor", "_rebuild_from_type_v2"), op("("), system, op("N"), tuple,
                    op("N"), op("t"),
                    op("R"), op("."))),
            legacy("an extension", joined([0x82, 0x01], op("."))),
            legacy("a persistent name", joined(Array("Pos.system\n".utf8), op("."))),
        ]
        return files
    }()

    private static let pickles: [HostileFile] = {
        let end = op(".")
        func many(
            _ what: String, _ part: [UInt8], _ count: Int,
            before: @autoclosure @escaping @Sendable () -> [UInt8] = [],
            after: @autoclosure @escaping @Sendable () -> [UInt8] = []
        ) -> HostileFile {
            legacy(what, joined(before(), repeated(part, count), after(), end))
        }
        let storage = joined(
            op("("), text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), [0x8A, 0x08],
            little(UInt64(Int64.max), 8), op("t"), op("Q"))
        @Sendable func tensor(_ sizes: [UInt8], _ strides: [UInt8]) -> [UInt8] {
            joined(
                op("}"), text("w"), global("torch._utils", "_rebuild_tensor_v2"), op("("), storage,
                [0x4B, 0], sizes, strides,
                [0x89], op("}"), op("t"), op("R"), op("s"))
        }
        let largest = joined(
            op("("), [0x8A, 0x08], little(UInt64(Int64.max), 8), [0x8A, 0x08], little(UInt64(Int64.max), 8),
            op("t"))
        let zero = joined(op("("), [0x4B, 0], [0x4B, 0], op("t"))
        return [
            many("lists within lists", op("]"), 1_000_000, after: repeated(op("a"), 999_999)),
            many("tuples within tuples", [0x85], 3_000_000, before: op("N")),
            many("marks", op("("), 3_000_000),
            many("copies on the stack", op("2"), 3_000_000, before: op("N")),
            many("doubled tuples", joined([0x86], op("2")), 1_000_000, before: joined(op("N"), op("2"))),
            many("places of the memo", joined([0x94]), 3_000_000, before: op("N")),
            many(
                "copies of a long list",
                joined(global("builtins", "list"), op("h"), [0], [0x85], op("R"), op("0")), 2000,
                before: joined(op("]"), op("("), repeated(op("N"), 100_000), op("e"), op("q"), [0])),
            legacy("a list in itself", joined(op("]"), op("q"), [0], op("h"), [0], op("a"), end)),
            legacy(
                "a dictionary in itself",
                joined(op("}"), op("q"), [0], text("model"), op("h"), [0], op("s"), end)),
            legacy("a text of 2^63 bytes", joined([0x8D], little(1 << 63, 8), end)),
            legacy("bytes of 4 GB", joined([0x42], little(0xFFFF_FFFF, 4), end)),
            legacy("a number of 2 GB", joined([0x8B], little(0x7FFF_FFFF, 4), end)),
            legacy("a line without end", joined(op("I"), [UInt8](repeating: 0x31, count: 1 << 20))),
            legacy("a frame of 2^64 bytes", joined([0x95], little(.max, 8), op("N"), end)),
            legacy("an empty stack", end), legacy("a mark alone", joined(op("("), end)),
            legacy("no end", op("N")),
            legacy(
                "a class name of a megabyte", joined(global(String(repeating: "m", count: 60_000), "x"), end)),
            legacy(
                "a class name that clears the screen", joined(global("\u{1B}[2J", "x"), op(")"), op("R"), end)
            ),
            legacy("a storage of 2^63 elements", joined(tensor(zero, zero), end)),
            legacy("a tensor whose sizes overflow", joined(tensor(largest, zero), end)),
            legacy("a tensor whose strides overflow", joined(tensor(largest, largest), end)),
            legacy("protocol 9", [0x80, 9]),
        ]
    }()

    // MARK: Archives

    private static let archives: [HostileFile] = {
        func zip(_ what: String, _ bytes: @autoclosure @escaping @Sendable () -> [UInt8]) -> HostileFile {
            HostileFile(what: what, fileName: "input.pth", bytes: bytes())
        }
        let pickle: [UInt8] = [0x80, 0x02, 0x7D, 0x2E]
        let plain = ZipFile.bytes([.init("archive/data.pkl", pickle)])
        return [
            zip("an empty dictionary", plain),
            zip("no pickle", ZipFile.bytes([.init("archive/data.txt", pickle)])),
            zip("a program", ZipFile.bytes([.init("a/data.pkl", pickle), .init("a/constants.pkl", pickle)])),
            zip("names that lead outside", ZipFile.bytes([.init("../../../tmp/\(marker)", pickle)])),
            zip(
                "a name of 60000 bytes", ZipFile.bytes([.init(String(repeating: "n", count: 60_000), pickle)])
            ),
            zip("a name twice", ZipFile.bytes([.init("a/data.pkl", pickle), .init("a/data.pkl", pickle)])),
            zip("a wrong checksum", ZipFile.bytes([.init("a/data.pkl", pickle, checksum: 5)])),
            zip("a size of 4 GB", ZipFile.bytes([.init("a/data.pkl", pickle, announced: 0xFFFF_FFFE)])),
            zip(
                "a deflated bomb", ZipFile.bytes([.init("a/data.pkl", pickle, announced: 1 << 26, method: 8)])
            ),
            zip("an unknown method", ZipFile.bytes([.init("a/data.pkl", pickle, method: 99)])),
            zip(
                "a file beyond the archive", ZipFile.bytes([.init("a/data.pkl", pickle, place: 0x7FFF_FFFF)])),
            zip("65535 files announced", ZipFile.bytes([.init("a/data.pkl", pickle)], count: 65_534)),
            zip(
                "a directory beyond the archive",
                ZipFile.bytes([.init("a/data.pkl", pickle)], start: 0x7FFF_FFF0)),
            zip("a comment without end", Array(plain.dropLast(2)) + [0xFF, 0xFF]),
            zip("half an archive", Array(plain.prefix(40))),
        ]
    }()

    // MARK: Images

    private static let images: [HostileFile] = {
        func jpeg(_ what: String, _ bytes: @autoclosure @escaping @Sendable () -> [UInt8]) -> HostileFile {
            HostileFile(what: what, fileName: "input.jpg", bytes: bytes())
        }
        func png(_ what: String, _ bytes: @autoclosure @escaping @Sendable () -> [UInt8]) -> HostileFile {
            HostileFile(what: what, fileName: "input.png", bytes: bytes())
        }
        /// A start of frame and of scan with nothing behind them.
        @Sendable func frame(
            _ marker: UInt8, _ side: [UInt8], components: UInt8 = 3, sampling: UInt8 = 0x11, bits: UInt8 = 8
        ) -> [UInt8] {
            let parts: [UInt8] = (1...max(1, components)).flatMap { number -> [UInt8] in
                [number, sampling, 0]
            }
            return joined(
                [0xFF, 0xD8, 0xFF, marker, 0, UInt8(8 + parts.count), bits], side, [components], parts,
                [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0], [UInt8](repeating: 0x55, count: 200),
                [0xFF, 0xD9])
        }
        let largest: [UInt8] = [0xFF, 0xFF, 0x0A, 0xAA]
        let square: [UInt8] = [0x30, 0, 0x30, 0]
        @Sendable func header(
            _ width: UInt64, _ height: UInt64, bits: UInt8 = 8, color: UInt8 = 2, interlaced: UInt8 = 0
        ) -> [UInt8] {
            PNGChunk("IHDR", joined(big(width, 4), big(height, 4), [bits, color, 0, 0, interlaced])).bytes
        }
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let endOfPNG = PNGChunk("IEND", []).bytes
        let pixels = PNGChunk("IDAT", [0x78, 0x9C, 0x01, 0, 0, 0xFF, 0xFF]).bytes
        return [
            jpeg("baseline of 178 million pixels", frame(0xC0, largest)),
            jpeg("progressive of them", frame(0xC2, largest)),
            jpeg("coded arithmetically", frame(0xC9, largest)),
            jpeg("arithmetically and progressive", frame(0xCA, square)),
            jpeg("more pixels than allowed", frame(0xC0, [0xFF, 0xFF, 0xFF, 0xFF])),
            jpeg("no pixels", frame(0xC0, [0, 0, 0, 0])),
            jpeg("lossless", frame(0xC3, square)),
            jpeg("no components", frame(0xC0, [0, 8, 0, 8], components: 0)),
            jpeg("255 components", frame(0xC0, [0, 8, 0, 8], components: 80)),
            jpeg("sampling 0", frame(0xC0, [0, 8, 0, 8], sampling: 0)),
            jpeg("sampling 15", frame(0xC0, [0, 8, 0, 8], sampling: 0xFF)),
            jpeg("16 bits", frame(0xC0, [0, 8, 0, 8], bits: 16)),
            jpeg("markers without end", joined([0xFF, 0xD8], repeated([0xFF, 0xE0, 0, 2], 50_000))),
            jpeg("bytes without a marker", [0xFF, 0xD8, 0xFF] + [UInt8](repeating: 0, count: 1 << 20)),
            jpeg("a length of 0", [0xFF, 0xD8, 0xFF, 0xE1, 0, 0]), jpeg("EXIF that points outside", exif),
            png("the largest sides", joined(signature, header(0x7FFF_FFFF, 0x7FFF_FFFF), pixels, endOfPNG)),
            png("sides of 2^32", joined(signature, header(0xFFFF_FFFF, 0xFFFF_FFFF), pixels, endOfPNG)),
            png(
                "178 million pixels in 60 bytes", joined(signature, header(13_000, 13_000), pixels, endOfPNG)),
            png("interlaced", joined(signature, header(13_000, 13_000, interlaced: 1), pixels, endOfPNG)),
            png("a million columns", joined(signature, header(1_000_001, 1), pixels, endOfPNG)),
            png("no rows", joined(signature, header(8, 0), endOfPNG)),
            png("9 bits", joined(signature, header(8, 8, bits: 9), pixels, endOfPNG)),
            png("color 5", joined(signature, header(8, 8, color: 5), pixels, endOfPNG)),
            png("a palette without one", joined(signature, header(8, 8, color: 3), pixels, endOfPNG)),
            png(
                "a chunk of 4 GB",
                joined(signature, header(8, 8), [0xFF, 0xFF, 0xFF, 0xFF], Array("tEXt".utf8))),
            png(
                "chunks without end",
                joined(
                    signature, header(8, 8),
                    repeated(PNGChunk("tEXt", [65, 0]).bytes, 20_000))),
            png("a wrong checksum", joined(signature, Array(header(8, 8).dropLast()), [0])),
            png("no end", joined(signature, header(8, 8), pixels)),
            png(
                "a text that unpacks to a gigabyte",
                joined(
                    signature, header(8, 8),
                    PNGChunk("zTXt", [65, 0, 0] + [UInt8](repeating: 0, count: 1 << 20)).bytes)),
        ]
    }()

    private static let exif: [UInt8] =
        joined(
            [0xFF, 0xD8, 0xFF, 0xE1, 0, 22], Array("Exif\0\0".utf8),
            [0x49, 0x49, 0x2A, 0, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0, 0, 0, 0])
}

/// A number, the least byte first.
func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
}

/// A number, the greatest byte first.
func big(_ value: UInt64, _ count: Int) -> [UInt8] { little(value, count).reversed() }
