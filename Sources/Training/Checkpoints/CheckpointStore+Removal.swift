internal import Foundation

extension CheckpointStore {
    /// Removes old checkpoints after one was written.
    ///
    /// Kept are the one just written, the newest complete ones before it, `keep` in all, and `alsoKept`.
    /// Damaged ones do not count. Those with a later step than the one just written are left alone: see
    /// `removeNewer(than:)`. The one just written is proof that a good checkpoint remains.
    ///
    /// A checkpoint loses its name before its first file is removed, so that none is ever half there.
    ///
    /// - Parameters:
    ///   - written: The newest checkpoint.
    ///   - alsoKept: Steps that stay, such as the best one.
    /// - Returns: The steps that were removed, ascending.
    /// - Throws: `CheckpointError` where one cannot be removed.
    @discardableResult
    public func prune(
        after written: WrittenCheckpoint, keepingAlso alsoKept: Set<Int> = []
    ) throws(CheckpointError) -> [Int] {
        var left = keep - 1
        var removed: [Int] = []
        for step in try steps().reversed() where step < written.step {
            if left > 0, (try? Checkpoint(path: path(ofStep: step), examining: .sizes)) != nil {
                left -= 1
            } else if !alsoKept.contains(step) {
                removed.append(step)
            }
        }
        try remove(removed)
        return removed.reversed()
    }

    /// Removes the checkpoints after a step, for a run that was told to go back to it: else the next resume
    /// would find the newest of those steps that were undone.
    ///
    /// - Returns: The steps that were removed, ascending.
    /// - Throws: `CheckpointError` where one cannot be removed.
    @discardableResult
    public func removeNewer(than step: Int) throws(CheckpointError) -> [Int] {
        let removed = try steps().filter { $0 > step }
        try remove(removed)
        return removed
    }

    /// Removes what a process that was stopped left behind. Called before the first write.
    ///
    /// A checkpoint that was just being replaced gets its name back. What cannot be removed stays: it is in
    /// nobody's way.
    ///
    /// - Returns: Names of what was cleaned up.
    @discardableResult
    public func cleanStaging() -> [String] {
        var cleaned: [String] = []
        for name in ((try? names()) ?? []).sorted() {
            guard let (purpose, step) = CheckpointName.parts(hidden: name) else { continue }
            let target = path(ofStep: step)
            do {
                if purpose == .replaced, !FileManager.default.fileExists(atPath: target) {
                    try disk.rename("\(directory)/\(name)", to: target)
                } else {
                    try disk.remove("\(directory)/\(name)")
                }
                cleaned.append(name)
            } catch {
                continue
            }
        }
        return cleaned
    }

    private func remove(_ steps: [Int]) throws(CheckpointError) {
        guard !steps.isEmpty else { return }
        let doomed = steps.map {
            "\(directory)/\(CheckpointName.hidden(.removed, $0, process: getpid()))"
        }
        for (step, doomed) in zip(steps, doomed) {
            try disk.remove(doomed)
            try disk.rename(path(ofStep: step), to: doomed)
        }
        // The new names reach the disk before the first file goes.
        try disk.flushDirectory(directory)
        for doomed in doomed { try disk.remove(doomed) }
    }
}
