/// What the first bytes of a file look like, to read it or to say why it is no file of weights.
enum FileAppearance: Equatable {
    case zip
    case legacyPyTorch
    case safetensors
    case json
    /// Not readable as weights: what it is, and what to do.
    case other(what: String, advice: String)

    /// Looks at the beginning of a file.
    init(_ bytes: UnsafeRawBufferPointer) {
        let start = Array(bytes.prefix(512))
        if start.starts(with: ZipArchive.magic) {
            self = .zip
        } else if start.starts(with: PyTorchContents.legacyMagic) {
            self = .legacyPyTorch
        } else if let known = Self.knownBeginnings.first(where: { start.starts(with: $0.bytes) }) {
            self = .other(what: known.what, advice: known.advice)
        } else if Self.isSafetensors(bytes) {
            self = .safetensors
        } else {
            self = Self.text(start) ?? Self.unknown(start, count: bytes.count)
        }
    }

    /// Why a file of this appearance is not read.
    var failure: WeightFileFailure {
        switch self {
        case .other(let what, let advice):
            WeightFileFailure(.unsupported, "is \(what), not weights; \(advice)")
        case .zip, .legacyPyTorch, .safetensors, .json:
            WeightFileFailure(.unsupported, "is of another kind than expected")
        }
    }

    private static let again = "the download failed: fetch the file again"
    private static let convert = "expected a file of torch.save or safetensors"

    private static let knownBeginnings: [(bytes: [UInt8], what: String, advice: String)] = [
        ([0x89] + Array("HDF\r\n".utf8), "an HDF5 file, as Keras writes", convert),
        ([0x1F, 0x8B], "gzip data", "unpack it first"),
        ([0xFD] + Array("7zXZ".utf8), "xz data", "unpack it first"),
        (Array("BZh".utf8), "bzip2 data", "unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd data", "unpack it first"),
        ([0x37, 0x7A, 0xBC, 0xAF], "a 7z archive", "unpack it first"),
        ([0x93] + Array("NUMPY".utf8), "a NumPy array", convert),
        (Array("%PDF".utf8), "a PDF document", convert),
        ([0xFF, 0xD8, 0xFF], "a JPEG picture", convert),
        ([0x89] + Array("PNG".utf8), "a PNG picture", convert),
        (Array("GGUF".utf8), "a GGUF file", convert),
        ([0x7F] + Array("ELF".utf8), "a program", convert),
        ([0x50, 0x4B, 0x05, 0x06], "an empty ZIP archive", again),
    ]

    private static func isSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 9 else { return false }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        return bytes[8] == UInt8(ascii: "{") && length < 1 << 40
    }

    private static func text(_ start: [UInt8]) -> FileAppearance? {
        guard !start.isEmpty, !start.contains(where: { $0 < 9 || ($0 > 13 && $0 < 32) }) else { return nil }
        let words = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
            .lowercased()
        if words.hasPrefix("version https://git-lfs") {
            return .other(what: "a pointer of git-lfs", advice: "get the file itself with 'git lfs pull'")
        }
        if words.hasPrefix("<!doctype html") || words.hasPrefix("<html") {
            return .other(what: "an HTML page", advice: again)
        }
        if words.hasPrefix("<?xml") || words.hasPrefix("<error") {
            return .other(what: "an XML document, perhaps a server's error", advice: again)
        }
        return words.hasPrefix("{") ? .json : .other(what: "text", advice: convert)
    }

    private static func unknown(_ start: [UInt8], count: Int) -> FileAppearance {
        if count == 0 { return .other(what: "empty", advice: again) }
        if start.allSatisfy({ $0 == 0 }) {
            return .other(what: "zeros, as a file that was never written", advice: again)
        }
        if start.count >= 262, start[257...].starts(with: "ustar".utf8) {
            return .other(
                what: "a tar archive",
                advice:
                    "unpack it first; if PyTorch before 0.1.10 wrote it, load and save it with a later one")
        }
        if start.count > 1, start[0] == 0x80, start[1] <= 5 {
            return .other(
                what: "a plain pickle",
                advice: "only files of torch.save are read, since a pickle may call anything")
        }
        return .other(what: "of an unknown kind (\(count) bytes)", advice: convert)
    }
}
