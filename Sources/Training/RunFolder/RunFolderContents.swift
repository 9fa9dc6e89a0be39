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
        "data-index.json", "relationship.safetensors", "relationship.csv", "relationship.svg",
        "skipped-images.csv",
    ]
    /// Beginnings of names that a process which was killed, a network file system or Foundation leaves behind.
    private static let leftovers = [".ballast-write-check-", ".nfs", ".dat.nosync"]
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
            if isRun, files.contains(name), type == S_IFREG { return [] }
            if isRun, name == "checkpoints", let inside = try foreignCheckpoints(in: path + "/" + name) {
                return inside.map { "checkpoints/\($0)" }
            }
            return isLeftover(name, type) ? [] : [name]
        }
    }

    /// Names beside checkpoints that no run gave; nil where there is no folder. It may be a link to another disk.
    private static func foreignCheckpoints(in path: String) throws -> [String]? {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue
        else { return nil }
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter {
            CheckpointName.step(visible: $0) == nil && CheckpointName.parts(hidden: $0) == nil
                && !isLeftover($0, fileType(path + "/" + $0))
        }
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
        let parts = name.split(separator: ".partial-", omittingEmptySubsequences: false)
        return parts.count == 2 && files.contains(String(parts[0])) && Int32(parts[1]) != nil
    }

    /// What a name stands for, without following a link; nil where it is gone.
    private static func fileType(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
