internal import Foundation

/// Reads whole files, decompressing those that gzip packed.
enum FileContents {
    /// Whether there is anything at that path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether the path is a folder.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The bytes of a file; those inside where it is a gzip file, which a name in `.gz` promises.
    static func read(_ path: String) throws(DataError) -> [UInt8] {
        let bytes = try readRaw(path)
        let isPacked = bytes.starts(with: Gzip.magic)
        if path.hasSuffix(".gz"), !isPacked {
            throw DataError(
                .compression, path: path,
                "the name ends in .gz, but the file is not a gzip file; rename it or copy it again")
        }
        return isPacked ? try Gzip.unpack(bytes, path: path) : bytes
    }

    private static func readRaw(_ path: String) throws(DataError) -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw failure(path, "cannot be opened") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            bytes.append(contentsOf: chunk[..<count])
            if count < chunk.count {
                guard ferror(file) == 0 else { throw failure(path, "cannot be read") }
                return bytes
            }
        }
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func failure(_ path: String, _ problem: String) -> DataError {
        DataError(.inputOutput, path: path, "\(problem): \(String(cString: strerror(errno)))")
    }
}
