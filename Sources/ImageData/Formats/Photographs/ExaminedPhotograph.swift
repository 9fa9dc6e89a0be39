internal import Dispatch
internal import Foundation
internal import Hosts
internal import ModelFiles
internal import Synchronization

/// What a data set knows of a photograph without having decoded it.
struct ExaminedPhotograph: Sendable {
    /// Height and width as decoding gives them, turned if that is asked for.
    let size: ImageSize
    /// How it is to be turned, which `size` may or may not have taken into account.
    let orientation: ImageOrientation
    /// The hash of the file.
    let digest: FileDigest
    /// Bytes of the file.
    let byteCount: Int

    init(size: ImageSize, orientation: ImageOrientation, digest: FileDigest, byteCount: Int) {
        (self.size, self.orientation, self.digest, self.byteCount) = (size, orientation, digest, byteCount)
    }

    /// Looks at one file.
    init(_ path: String, _ options: DatasetOptions) throws(DataError) {
        defer { WorkProgress.note() }
        do throws(DataError) {
            let file = try RegularFile(path)
            let header = try PhotographHeader(FilePart(file))
            orientation = header.orientation
            size = options.appliesOrientation ? orientation.turned(header.size) : header.size
            digest = try FileDigestCache.digest(of: file, in: options.digests)
            byteCount = Int(clamping: file.identity.bytes)
        } catch {
            throw Self.absence(path) ?? error
        }
    }

    /// Looks at files, on as many threads as the options say.
    static func examine(
        _ paths: [String], _ options: DatasetOptions
    ) -> [Result<ExaminedPhotograph, DataError>] {
        let parts = max(1, min(options.threads, paths.count))
        let results = Mutex<[Int: [Result<ExaminedPhotograph, DataError>]]>([:])
        let meter = WorkMeter("examining photographs", of: paths.count, "images")
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let examined = Shard(rank: part, size: parts).slice(of: paths.count).map { index in
                defer { meter.advance() }
                return Result { () throws(DataError) in try ExaminedPhotograph(paths[index], options) }
            }
            results.withLock { $0[part] = examined }
        }
        let byPart = results.withLock { $0 }
        return (0..<parts).flatMap { byPart[$0] ?? [] }
    }

    /// Why a file is not there, if it is not.
    private static func absence(_ path: String) -> DataError? {
        var status = stat()
        guard stat(path, &status) != 0 else { return nil }
        let code = errno
        guard code != ELOOP else {
            return DataError(
                .format, path: path,
                "leads through more links than the system follows, as links that lead in a circle do; remove them"
            )
        }
        guard [ENOENT, ENOTDIR, ENAMETOOLONG].contains(code) else { return nil }
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return DataError(
            .format, path: path,
            target.map { "is a link to \($0.excerpt), which is not there" } ?? "is not there")
    }
}
