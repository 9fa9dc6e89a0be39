internal import Synchronization

/// Where the elements of a PyTorch file's storages lie.
final class PyTorchStorages: Sendable {
    /// How the bytes of a storage are found.
    enum Place: Sendable {
        /// In the file as they are.
        case range(Range<Int>)
        /// In the archive, under a name: verified, and where need be unpacked, when they are asked for.
        case entry(String)
    }

    /// Bytes of all storages.
    let byteCount: Int

    private let file: MappedFile
    private let archive: ZipArchive?
    private let places: [String: Place]
    private let state = Mutex(State())

    private struct State {
        var verified: Set<String> = []
        /// The storage that was unpacked last: tensors that share it are often neighbours.
        var unpacked: (name: String, bytes: [UInt8])?
    }

    init(_ file: MappedFile, archive: ZipArchive?, places: [String: Place], byteCount: Int) {
        (self.file, self.archive, self.places, self.byteCount) = (file, archive, places, byteCount)
    }

    /// Bytes of a storage; nil where the product overflows.
    static func byteCount(of storage: StorageReference) -> Int? {
        let (bytes, overflow) = storage.count.multipliedReportingOverflow(by: storage.type?.byteCount ?? 1)
        return overflow ? nil : bytes
    }

    /// Calls `body` with all bytes of a storage.
    func withBytes<Result>(
        of key: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        defer { withExtendedLifetime(file) {} }
        switch places[key] {
        case nil: throw WeightFileFailure(.damaged, "has no storage '\(key.excerpt)'")
        case .range(let range):
            file.load(range)
            return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
        case .entry(let name):
            guard let archive, let entry = archive.entries[name] else {
                throw WeightFileFailure(.damaged, "has no file '\(name.excerpt)' in its ZIP archive")
            }
            file.load(entry.range)
            guard entry.isStored else {
                return try unpacked(name, of: archive, entry).withUnsafeBytes { try body($0) }
            }
            let isVerified = state.withLock { $0.verified.contains(name) }
            if !isVerified {
                try archive.verifyStored(name, in: file.bytes)
                state.withLock { _ = $0.verified.insert(name) }
            }
            return try body(UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]))
        }
    }

    private func unpacked(
        _ name: String, of archive: ZipArchive, _ entry: ZipArchive.Entry
    ) throws -> [UInt8] {
        let known = state.withLock { $0.unpacked?.name == name ? $0.unpacked?.bytes : nil }
        if let known { return known }
        let bytes = try archive.contents(name, in: file.bytes, limit: entry.byteCount)
        state.withLock { $0.unpacked = (name, bytes) }
        return bytes
    }
}
