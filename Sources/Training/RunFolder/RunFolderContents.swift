internal import Foundation
internal import Hosts
internal import ProcessGroups

/// What a run writes into its folder, told apart from everything else that may lie there.
///
/// A run replaces its files and moves its whole folder aside. Where someone has put data or notes, or keeps a model of
/// their own, both would hit what no run made.
public enum RunFolderContents {
    private static let files: Set<String> = [
        "config.yaml", "metrics.jsonl", "model.safetensors", "model.json", "attention.safetensors",
        "data-index.json", "relationship.safetensors", "relationship.csv", "relationship.svg", "report.html",
        "report.json", "skipped-images.csv", "teacher-logits.safetensors",
    ]
    /// Beginnings of names that a process which was killed, a network file system or Foundation leaves behind.
    private static let leftovers = [writeCheck, ".nfs", ".dat.nosync"]
    private static let writeCheck = ".ballast-write-check-"
    /// How many things a message names.
    private static let namedCount = 5

    /// Sees to it that a folder holds nothing but a run. One that is empty or missing is fine.
    ///
    /// - Parameter path: The folder.
    /// - Throws: `RunDirectoryError`, 64, that names what was found; 74 where the folder cannot be read.
    public static func requireOwn(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let found: [String]
        do {
            found = try foreign(in: path)
        } catch {
            throw RunDirectoryError("\(path): the folder cannot be read: \(error.systemReason)")
        }
        guard !found.isEmpty else { return }
        let others = found.count - namedCount
        throw RunDirectoryError(
            "\(path): holds what no run made: \(found.prefix(namedCount).joined(separator: ", "))"
                + (others > 0 ? " and \(others) more" : "")
                + "; an output is a folder that is missing, empty or a run's: choose another output, or move these elsewhere",
            exitCode: ExitCode.wrongUse)
    }

    /// Names in the folder that no run gave, sorted.
    private static func foreign(in path: String) throws -> [String] {
        // Without its configuration nothing tells a run's model from someone else's.
        let isRun = isConfigurationOfRun(path + "/config.yaml")
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().flatMap {
            name -> [String] in
            let type = fileType(path + "/" + name)
            if isRun, files.contains(name) || EventFile.isName(name), type == S_IFREG { return [] }
            // Not a link: old checkpoints are removed, and those behind it may be another run's.
            if isRun, name == "checkpoints", type == S_IFDIR {
                return try foreignCheckpoints(in: path + "/" + name).map { "checkpoints/\($0)" }
            }
            return isLeftover(name, type) ? [] : [type == S_IFLNK ? name + " (a link)" : name]
        }
    }

    /// Names among checkpoints and in them that no run gave.
    private static func foreignCheckpoints(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted().flatMap { name -> [String] in
            let type = fileType(path + "/" + name)
            if type == S_IFDIR, CheckpointName.parts(hidden: name) != nil { return [] }
            if type == S_IFDIR, CheckpointName.step(visible: name) != nil {
                return try FileManager.default.contentsOfDirectory(atPath: path + "/" + name).sorted().filter
                {
                    let type = fileType("\(path)/\(name)/\($0)")
                    return !(RunCheckpoints.Files.all.contains($0) && type == S_IFREG)
                        && !isLeftover($0, type)
                }.map { "\(name)/\($0)" }
            }
            return isLeftover(name, type) ? [] : [type == S_IFLNK ? name + " (a link)" : name]
        }
    }

    /// Removes the parts of files that a process which was killed left behind. Whoever calls it has the folder's lock.
    static func removeLeftovers(in path: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            let file = path + "/" + name
            guard fileType(file) == S_IFREG, let process = process(ofPart: name) else { continue }
            // Another command may be writing there, such as an export.
            if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) { unlink(file) }
        }
    }

    /// The process that was writing a part of a file, by its name; nil for any other name.
    private static func process(ofPart name: String) -> Int32? {
        let parts =
            name.hasPrefix(writeCheck)
            ? ["", name.dropFirst(writeCheck.count)]
            : name.split(separator: ".partial-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].isEmpty || files.contains(String(parts[0])),
            let process = Int32(parts[1]), process > 0
        else { return nil }
        return process
    }

    /// Whether a file is what a run wrote of its configuration, which begins with what made it and where.
    private static func isConfigurationOfRun(_ path: String) -> Bool {
        guard fileType(path) == S_IFREG, let file = FileHandle(forReadingAtPath: path),
            let start = try? file.read(upToCount: 4096)
        else { return false }
        let lines = String(decoding: start, as: UTF8.self).split(
            separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        return lines.count == 3 && lines[0].hasPrefix("# ballast ") && lines[1].hasPrefix("# hosts: ")
    }

    private static func isLeftover(_ name: String, _ type: mode_t?) -> Bool {
        // The system makes the second in the root of a disk.
        if type == S_IFDIR { return name == "lost+found" }
        guard type == S_IFREG else { return false }
        if name == ".lock" || leftovers.contains(where: name.hasPrefix) { return true }
        return process(ofPart: name) != nil
    }

    /// What a name stands for, without following a link; nil where it is gone.
    private static func fileType(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
