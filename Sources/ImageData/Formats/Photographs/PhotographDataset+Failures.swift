internal import Dispatch
internal import Hosts
internal import Synchronization

extension PhotographDataset {
    /// Makes sure that every file can be used, as far as its beginning tells.
    ///
    /// - Parameter remedy: What whoever named the files can do about those that cannot be used.
    /// - Throws: The `DataError` of the first file that cannot, with how many there are.
    public func requireUsable(remedy: String = "mend or remove them") throws(DataError) {
        guard let first = failures.first else { return }
        let others =
            failures.count == 1 ? "" : "; \(failures.count - 1) more of \(count) files cannot be used either"
        throw DataError(
            first.error.kind, path: first.error.path, first.error.detail + others + "; " + remedy)
    }

    /// Decodes whole files, and says which cannot be decoded.
    ///
    /// - Parameters:
    ///   - range: Which of the files; those that failed before are passed over.
    ///   - threads: Threads that decode.
    /// - Returns: What failed now, by ascending index.
    public func failures(decoding range: Range<Int>, threads: Int) -> [PhotographFailure] {
        let known = Set(failures.map(\.index))
        let indices = range.filter { !known.contains($0) }
        let parts = max(1, min(threads, indices.count))
        let found = Mutex<[PhotographFailure]>([])
        let meter = WorkMeter("decoding photographs", of: indices.count, "images")
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            var image = PixelImage()
            for position in Shard(rank: part, size: parts).slice(of: indices.count) {
                defer {
                    WorkProgress.note()
                    meter.advance()
                }
                do throws(DataError) {
                    try read(indices[position], .all, into: &image)
                } catch {
                    found.withLock { $0.append(PhotographFailure(index: indices[position], error: error)) }
                }
            }
        }
        return found.withLock { $0.sorted { $0.index < $1.index } }
    }
}
