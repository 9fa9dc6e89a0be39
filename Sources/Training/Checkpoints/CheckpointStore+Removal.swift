internal import Foundation

extension CheckpointStore {
    /// Removes old checkpoints after one was written.
    ///
    /// Kept are the one just written, the newest complete ones before it, `keep` in all, and `alsoKept`.
    /// Damaged ones do not count. What holds something else beside a checkpoint is left alone, as are links. Those with a later step than the one just written are left alone: see
    /// `moveNewer(than:to:)`. The one just written is proof that a good checkpoint remains.
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
        for step in try steps().reversed() where step < written.step && holdsNothingElse(step, as: written) {
            if left > 0, (try? Checkpoint(path: path(ofStep: step), examining: .sizes)) != nil {
                left -= 1
            } else if !alsoKept.contains(step) {
                removed.append(step)
            }
        }
        try remove(removed)
        return removed.reversed()
    }

    /// Whether what has the name of a checkpoint is a folder with the files of one and no others.
    private func holdsNothingElse(_ step: Int, as written: WrittenCheckpoint) -> Bool {
        let manager = FileManager.default
        let folder = path(ofStep: step)
        var status = stat()
        guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
        let own = (try? Checkpoint(path: folder, examining: .sizes))?.fileNames ?? []
        let usual = (try? manager.contentsOfDirectory(atPath: written.path)) ?? []
        return Set((try? manager.contentsOfDirectory(atPath: folder)) ?? [])
            .isSubset(of: own + usual + [CheckpointManifest.fileName])
    }

    /// Moves the checkpoints after a step elsewhere, for a run that was told to go back to it: else the next resume
    /// would find the newest of those steps that were undone.
    ///
    /// - Parameters:
    ///   - step: The step that the run goes back to.
    ///   - folder: Where they go; it is made if there are any.
    /// - Returns: The steps that were moved, ascending.
    /// - Throws: `CheckpointError` where one cannot be moved; each is in one of the two places then.
    @discardableResult
    public func moveNewer(than step: Int, to folder: String) throws(CheckpointError) -> [Int] {
        let moved = try steps().filter { $0 > step }
        guard !moved.isEmpty else { return [] }
        try disk.makeDirectories(folder)
        for step in moved {
            try disk.move(path(ofStep: step), to: "\(folder)/\(CheckpointName.visible(step))")
        }
        try disk.flushDirectory(folder)
        try disk.flushDirectory(directory)
        return moved
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
