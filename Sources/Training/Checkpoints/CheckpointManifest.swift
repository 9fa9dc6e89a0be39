internal import Foundation
internal import ModelFiles

/// What `manifest.json` says: which files belong to a checkpoint and what they must hold.
///
/// It holds a digest of itself as well, taken with zeros in the digest's place: a changed step or a changed
/// string is noticed as a changed weight is.
struct CheckpointManifest: Codable, Sendable {
    /// A file of the checkpoint.
    struct File: Codable, Sendable {
        let name: String
        let byteCount: Int
        let digest: String

        private enum CodingKeys: String, CodingKey {
            case name
            case byteCount = "byte-count"
            case digest = "sha-256"
        }
    }

    /// The name of the file itself.
    static let fileName = "manifest.json"
    /// Changes whenever a program of an earlier version could not read the checkpoint rightly.
    ///
    /// 1: momentum as `momentum.PARAMETER`. 2: the optimizer's slots as `optimizer.SLOT.PARAMETER`, and the steps of
    /// each parameter.
    static let currentVersion = 2

    let formatVersion: Int
    let ballastVersion: String
    let step: Int
    let worldSize: Int
    let metadata: [String: String]
    let files: [File]
    private let digest: String

    private enum CodingKeys: String, CodingKey {
        case step, metadata, files
        case formatVersion = "format-version"
        case ballastVersion = "ballast-version"
        case worldSize = "world-size"
        case digest = "manifest-sha-256"
    }

    init(_ contents: CheckpointContents, files: [File], ballastVersion: String) {
        (formatVersion, self.ballastVersion) = (Self.currentVersion, ballastVersion)
        (step, worldSize) = (contents.step, contents.worldSize)
        (metadata, self.files) = (contents.metadata, files)
        digest = String(repeating: "0", count: Self.digestCount)
    }

    /// Whether a checkpoint may hold a file of that name: the names are untrusted when they are read.
    static func allows(fileName name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name != Self.fileName && !name.contains("/")
            && !name.contains("\0")
    }

    /// The JSON, with its own digest.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var json = try encoder.encode(self) + Data("\n".utf8)
        guard let range = Self.digestRange(in: json) else {
            preconditionFailure("the manifest lost its digest: \(String(decoding: json, as: UTF8.self))")
        }
        json.replaceSubrange(range, with: Data(SHA256.digest(of: json).description.utf8))
        return Array(json)
    }

    /// Reads a manifest; nothing in it is taken as given.
    ///
    /// - Throws: `CheckpointError` of kind `damaged`.
    init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
        struct Version: Decodable {
            let formatVersion: Int
            private enum CodingKeys: String, CodingKey { case formatVersion = "format-version" }
        }
        var json = Data(bytes)
        let decoder = JSONDecoder()
        // The version comes first: the rest of another version may look different.
        guard let version = try? decoder.decode(Version.self, from: json) else {
            throw CheckpointError(.damaged, path, "it is not JSON with a \"format-version\"")
        }
        guard version.formatVersion == Self.currentVersion else {
            throw CheckpointError(
                .damaged, path,
                "it is of format version \(version.formatVersion), and this program reads format version "
                    + "\(Self.currentVersion)")
        }
        guard let range = Self.digestRange(in: json),
            let manifest = try? decoder.decode(Self.self, from: json)
        else { throw CheckpointError(.damaged, path, "it lacks members of a manifest") }
        json.replaceSubrange(range, with: Data(repeating: UInt8(ascii: "0"), count: Self.digestCount))
        guard SHA256.digest(of: json).description == manifest.digest else {
            throw CheckpointError(.damaged, path, "it was changed after it was written")
        }
        let names = Set(manifest.files.map(\.name))
        guard names.count == manifest.files.count, names.allSatisfy({ Self.allows(fileName: $0) }),
            !names.isEmpty
        else {
            throw CheckpointError(.damaged, path, "it lists files twice, none, or none of this folder")
        }
        guard (0...Self.largestCount).contains(manifest.step),
            (1...Self.largestCount).contains(manifest.worldSize)
        else {
            throw CheckpointError(
                .damaged, path,
                "it is of step \(manifest.step) on \(manifest.worldSize) ranks, which cannot be")
        }
        self = manifest
    }

    /// More steps or ranks than any run has; sums and products of such numbers do not overflow.
    private static let largestCount = 1 << 48
    private static let digestCount = 64

    /// Where the hexadecimal digits of the digest stand. Within a string the quotes of the key would be
    /// escaped, so nothing else can look like it.
    private static func digestRange(in json: Data) -> Range<Data.Index>? {
        guard let key = json.range(of: Data("\"\(CodingKeys.digest.rawValue)\"".utf8)),
            let quote = json[key.upperBound...].firstIndex(of: UInt8(ascii: "\"")),
            quote + digestCount < json.endIndex
        else { return nil }
        return quote + 1..<quote + 1 + digestCount
    }
}
