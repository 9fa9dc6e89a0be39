internal import Foundation
internal import Training

/// Looks at the place where a run writes.
enum OutputFolder {
    /// What the place is like. If the run's folder is there already, nothing is written into it.
    ///
    /// - Parameters:
    ///   - path: The folder of the run; it need not exist.
    ///   - writesLargeFile: Whether a large file is written too.
    /// - Throws: `OutputError` where a run could not write, `RunDirectoryError` where it would refuse the folder.
    static func examine(_ path: String, writesLargeFile: Bool = false) throws -> OutputFacts {
        let manager = FileManager.default
        var folder = path
        while !manager.fileExists(atPath: folder), folder != "/" {
            folder = (folder as NSString).deletingLastPathComponent
        }
        if (try? manager.destinationOfSymbolicLink(atPath: path)) != nil, folder != path {
            throw OutputError(
                path: path, problem: "is a link that leads nowhere", underlying: POSIXError(.ENOENT))
        }
        var isDirectory: ObjCBool = false
        guard manager.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw OutputError(path: path, underlying: POSIXError(.ENOTDIR))
        }
        var (flushSeconds, largeSeconds): (Double?, Double?)
        if folder == path {
            try RunFolderContents.requireOwn(folder)
            // Else of a run that may be going on; what is in its folder stays as it is.
            guard access(folder, W_OK | X_OK) == 0 else {
                throw OutputError(path: path, underlying: POSIXError(.init(rawValue: errno) ?? .EACCES))
            }
        } else {
            do {
                flushSeconds = try secondsToFlush(smallBytes, in: folder)
                if writesLargeFile { largeSeconds = try secondsToFlush(largeBytes, in: folder) }
            } catch {
                throw OutputError(path: path, underlying: error)
            }
        }
        var status = statvfs()
        let isKnown = statvfs(folder, &status) == 0
        return OutputFacts(
            path: path, existingFolder: folder,
            freeBytes: isKnown ? Int64(status.f_bavail) * Int64(status.f_frsize) : 0,
            flushSeconds: flushSeconds,
            writeSecondsPerByte: largeSeconds.map { $0 / Double(largeBytes) })
    }

    private static let (smallBytes, largeBytes) = (4096, 32 << 20)

    /// Seconds until a file of so many bytes in a hidden folder is on the disk; both are removed again.
    private static func secondsToFlush(_ count: Int, in folder: String) throws -> Double {
        let hidden = URL(fileURLWithPath: folder).appending(path: ".ballast-doctor-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: hidden, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: hidden) }
        let file = hidden.appending(path: "file")
        let start = ContinuousClock.now
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: Data(repeating: 0, count: count))
        try handle.synchronize()
        try handle.close()
        return start.secondsUntilNow
    }
}
