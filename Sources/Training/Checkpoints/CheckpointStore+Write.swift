internal import Foundation
internal import ModelFiles

/// A checkpoint that is on the disk completely.
public struct WrittenCheckpoint: Sendable, Equatable {
    /// Steps done.
    public let step: Int
    /// The folder.
    public let path: String
    /// Bytes of its files together, without the manifest.
    public let byteCount: Int
    /// How long writing took.
    public let seconds: Double
}

extension CheckpointStore {
    /// Writes a checkpoint so that it is there completely or not at all, whenever process or machine stop.
    ///
    /// The files go to a hidden folder beside the target. Once they and the folder are on the disk, one
    /// rename makes it the checkpoint. One of the same step that is there already is replaced: after a
    /// resume from an older checkpoint, the one that is there belongs to steps that were undone, or is
    /// damaged. Both change places at once where the file system can do that; else the old one steps aside,
    /// and `cleanStaging` puts it back if the process ends in between.
    ///
    /// - Throws: `CheckpointError` with the file and what the system said; the hidden folder is removed then,
    ///   if that is possible. After an error in the very last flush the checkpoint stays.
    @discardableResult
    public func write(_ contents: CheckpointContents) throws -> WrittenCheckpoint {
        let clock = ContinuousClock()
        let start = clock.now
        let step = contents.step
        let target = path(ofStep: step)
        let staging = "\(directory)/\(CheckpointName.hidden(.staging, step, process: getpid()))"
        var disk = disk
        disk.calls = disk.calls.suffering(try reach(.beforeWrite, step))
        try disk.makeDirectories(directory)
        let byteCount: Int
        do {
            // In a container the process before had the same number.
            try disk.remove(staging)
            try disk.makeDirectory(staging)
            byteCount = try fill(staging, with: contents, disk)
            try reach(.beforeRename, step)
            try place(staging, at: target, step: step)
            try reach(.afterRename, step)
            try disk.flushDirectory(directory)
        } catch {
            try? disk.remove(staging)
            throw error
        }
        removeRemains(ofStep: step)
        return WrittenCheckpoint(
            step: step, path: target, byteCount: byteCount, seconds: (clock.now - start).seconds)
    }

    /// Writes all files and the manifest and waits until they are on the disk.
    private func fill(
        _ staging: String, with contents: CheckpointContents, _ disk: Disk
    ) throws -> Int {
        precondition(!contents.files.isEmpty, "a checkpoint without files")
        var disk = disk
        var open: [Disk.OpenFile] = []
        defer { for file in open { _ = disk.calls.close(file.descriptor) } }
        var entries: [CheckpointManifest.File] = []
        for (name, content) in contents.files {
            let bytes = try content.serialized()
            let file = try disk.create("\(staging)/\(name)")
            open.append(file)
            var hash = SHA256()
            try bytes.withUnsafeBytes { bytes in
                let middle = entries.isEmpty ? bytes.count / 2 : 0
                try disk.append(.init(rebasing: bytes[..<middle]), to: file, hash: &hash)
                if entries.isEmpty {
                    disk.calls = disk.calls.suffering(try reach(.halfWritten, contents.step))
                }
                try disk.append(.init(rebasing: bytes[middle...]), to: file, hash: &hash)
            }
            entries.append(
                .init(name: name, byteCount: bytes.count, digest: hash.finalize().description))
        }
        let manifest = CheckpointManifest(contents, files: entries, ballastVersion: ballastVersion)
        let file = try disk.create("\(staging)/\(CheckpointManifest.fileName)")
        open.append(file)
        var hash = SHA256()
        try manifest.encoded().withUnsafeBytes { try disk.append($0, to: file, hash: &hash) }

        try reach(.beforeFsync, contents.step)
        for file in open { try disk.flush(file) }
        while let file = open.popLast() { try disk.close(file) }
        try disk.flushDirectory(staging)
        return entries.reduce(0) { $0 + $1.byteCount }
    }

    /// Gives the staged folder its name.
    private func place(_ staging: String, at target: String, step: Int) throws(CheckpointError) {
        let renamed = disk.repeated { disk.calls.rename(staging, target) }
        guard [-Int(ENOTEMPTY), -Int(EEXIST), -Int(ENOTDIR)].contains(renamed) else {
            try disk.check(renamed, target, "cannot rename the written folder to it")
            return
        }
        let exchanged = disk.repeated { disk.calls.exchange(staging, target) }
        guard [-Int(EINVAL), -Int(ENOSYS), -Int(EOPNOTSUPP)].contains(exchanged) else {
            try disk.check(exchanged, target, "cannot exchange it for the written folder")
            return
        }
        let aside = "\(directory)/\(CheckpointName.hidden(.replaced, step, process: getpid()))"
        try disk.remove(aside)
        try disk.rename(target, to: aside)
        do {
            try disk.rename(staging, to: target)
        } catch {
            try? disk.rename(aside, to: target)
            throw error
        }
    }

    /// Removes the checkpoint that was replaced. Should that fail, `cleanStaging` does it later.
    private func removeRemains(ofStep step: Int) {
        for purpose in [CheckpointName.Purpose.staging, .replaced] {
            try? disk.remove("\(directory)/\(CheckpointName.hidden(purpose, step, process: getpid()))")
        }
    }

    @discardableResult
    private func reach(_ point: FaultPoint, _ step: Int) throws -> WriteFault? {
        try faults.reach(point, step: step, rank: 0)
    }
}
