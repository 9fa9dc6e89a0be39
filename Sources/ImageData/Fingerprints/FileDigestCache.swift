internal import Foundation
internal import Hosts
public import ModelFiles
internal import Synchronization

/// The hashes of data files, computed once and kept in the folder of a run, never beside the data.
///
/// An entry holds as long as size, modification time, inode and device of the file are those of the entry;
/// otherwise the file is hashed again. A cache is what one rank knows: it may be read on any, and is written by
/// rank 0 alone.
///
/// The file is JSON, `{"format": 1, "files": [{"path", "bytes", "modified", "inode", "device", "sha256"}]}`,
/// where `modified` counts nanoseconds since 1970.
public final class FileDigestCache: Sendable {
    /// The name of the file in the folder of a run.
    public static let fileName = "data-index.json"

    private static let format = 1
    /// A larger file is taken for damage: it would hold a million entries and more.
    private static let largestFile: Int64 = 1 << 29

    private struct Entry: Codable {
        let path: String
        let identity: FileIdentity
        let sha256: String

        /// Flat, as the file has it.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .path)
            try container.encode(sha256, forKey: .sha256)
            try identity.encode(to: encoder)
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            path = try container.decode(String.self, forKey: .path)
            sha256 = try container.decode(String.self, forKey: .sha256)
            identity = try FileIdentity(from: decoder)
        }

        init(path: String, identity: FileIdentity, sha256: String) {
            (self.path, self.identity, self.sha256) = (path, identity, sha256)
        }

        private enum CodingKeys: String, CodingKey {
            case path
            case sha256
        }
    }

    private struct Index: Codable {
        let format: Int
        let files: [Entry]
    }

    private struct State {
        /// What the folder held before, by path.
        var known: [String: Entry]
        /// What was asked for since; this is what is written.
        var used: [String: Entry] = [:]
    }

    private let path: String
    private let state: Mutex<State>

    /// Reads what the folder of a run knows; nothing where there is no folder or no file yet.
    ///
    /// - Parameters:
    ///   - folder: The folder of the run.
    ///   - say: Takes a notice where the file is damaged; all hashes are computed again then.
    public init(inFolder folder: String, say: (String) -> Void) {
        path = folder + "/" + Self.fileName
        var known: [String: Entry] = [:]
        if RegularFile.exists(path) {
            do {
                for entry in try Self.read(path) { known[entry.path] = entry }
            } catch {
                let reason = (error as? DataError)?.detail ?? "is not an index of this version"
                say("\(path): \(reason); the data files are hashed again")
            }
        }
        state = Mutex(State(known: known))
    }

    private static func read(_ path: String) throws -> [Entry] {
        let file = try RegularFile(path)
        guard file.identity.bytes <= largestFile else {
            throw DataError(.format, path: path, "has \(file.identity.bytes) bytes, too many for an index")
        }
        let bytes = try file.read(Int(file.identity.bytes))
        let index = try JSONDecoder().decode(Index.self, from: Data(bytes))
        guard index.format == format, index.files.allSatisfy({ FileDigest(hexadecimal: $0.sha256) != nil })
        else { throw DataError(.format, path: path, "is not an index of this version") }
        return index.files
    }

    /// The hash of a file: the known one where it holds, or that of its contents.
    ///
    /// - Throws: `DataError` where the file cannot be read, or changes meanwhile.
    public func digest(ofFile path: String) throws(DataError) -> FileDigest {
        try Self.digest(of: RegularFile(path), in: self)
    }

    /// Writes the hashes that were asked for since this cache was made. On one rank, which owns the folder.
    ///
    /// - Throws: `OutputFileError`; what was there before is as it was then.
    public func save() throws {
        let files = state.withLock { $0.used.values.sorted { $0.path < $1.path } }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(Index(format: Self.format, files: files))
        try OutputFile.replace(path, with: Array(bytes) + [0x0A])
    }

    /// The hash of an open file, from the cache where there is one and it holds.
    ///
    /// - Throws: `DataError` where the file cannot be read, or is no longer what it was when it was opened.
    static func digest(of file: RegularFile, in cache: FileDigestCache?) throws(DataError) -> FileDigest {
        let path = absolute(file.path)
        if let cache, let digest = cache.known(path, file.identity) { return digest }
        let digest: FileDigest
        do {
            digest = try file.digest()
        } catch {
            throw DataError(.inputOutput, path: file.path, "cannot be read: \(error.systemReason)")
        }
        guard FileIdentity(ofFile: file.path) == file.identity else {
            throw DataError(
                .inputOutput, path: file.path, "changed while it was read; start when nobody writes to it")
        }
        cache?.state.withLock {
            $0.used[path] = Entry(path: path, identity: file.identity, sha256: digest.description)
        }
        return digest
    }

    private func known(_ path: String, _ identity: FileIdentity) -> FileDigest? {
        state.withLock { state in
            guard let entry = state.used[path] ?? state.known[path], entry.identity == identity else {
                return nil
            }
            state.used[path] = entry
            return FileDigest(hexadecimal: entry.sha256)
        }
    }

    /// The path from the root, links followed: what an entry is found by, from whatever folder a run starts.
    private static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
