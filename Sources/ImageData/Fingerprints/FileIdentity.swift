internal import Foundation

/// By what the contents of a file are known without reading them: where one of these differs, so may they.
struct FileIdentity: Codable, Hashable, Sendable {
    /// Size in bytes.
    let bytes: Int64
    /// When the contents were written last, in nanoseconds since 1970.
    let modified: Int64
    /// Number of the file on its device.
    let inode: UInt64
    /// Number of the device.
    let device: UInt64

    init(_ status: stat) {
        bytes = Int64(status.st_size)
        // Times beyond the year 2262 wrap around, which keeps them different.
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
    }

    /// That of the file at a path, links followed; nil where there is none.
    init?(ofFile path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
