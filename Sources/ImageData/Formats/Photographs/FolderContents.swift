internal import Foundation
internal import Hosts

/// The names in a folder and in the folders below it, links followed.
struct FolderContents {
    /// Paths of the files below the folder, in the order of torchvision: by folder, then by name, both by bytes.
    private(set) var files: [String] = []
    /// How many files and folders begin with a dot, which are left out.
    private(set) var hiddenCount = 0

    /// Folders within folders; more are taken for a loop that links make.
    private static let greatestDepth = 64

    /// Lists the files at any depth.
    ///
    /// - Throws: `DataError` where a folder cannot be read, or a name is no text.
    init(below folder: String) throws(DataError) { try list(folder, prefix: "", depth: 0) }

    private mutating func list(_ folder: String, prefix: String, depth: Int) throws(DataError) {
        guard depth <= Self.greatestDepth else {
            throw DataError(
                .unsupported, path: folder, "lies \(depth) folders deep; links that lead in a circle?")
        }
        let (names, hidden) = try Self.names(in: folder)
        hiddenCount += hidden
        let folders = names.filter { RegularFile.isDirectory(folder + "/" + $0) }
        let isFolder = Set(folders)
        files += names.filter { !isFolder.contains($0) }.map { prefix + $0 }
        for name in folders { try list(folder + "/" + name, prefix: prefix + name + "/", depth: depth + 1) }
    }

    /// The names in one folder, sorted by bytes, and how many begin with a dot, which are left out.
    static func names(in folder: String) throws(DataError) -> (names: [String], hiddenCount: Int) {
        var (names, broken, hiddenCount) = ([String](), [[UInt8]](), 0)
        for bytes in try entries(of: folder) {
            if bytes.first == UInt8(ascii: ".") {
                hiddenCount += 1
            } else if let name = String(validating: bytes, as: UTF8.self) {
                names.append(name)
            } else {
                broken.append(bytes)
            }
        }
        if let first = broken.min(by: { $0.lexicographicallyPrecedes($1) }) {
            throw DataError(
                .unsupported, path: folder,
                "holds \(broken.count) \(broken.count == 1 ? "name that is" : "names that are") not UTF-8, the first "
                    + "'\(UTF8Names.shown(first).shownPath)'; rename, for example with convmv -f latin1 -t utf8"
            )
        }
        return (names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, hiddenCount)
    }

    /// The names as the system has them, in its order, without the folder itself and the one above. Foundation gives
    /// texts, in which bytes that are not UTF-8 are lost.
    private static func entries(of folder: String) throws(DataError) -> [[UInt8]] {
        func failure() -> DataError {
            DataError(.inputOutput, path: folder, "cannot be listed: \(String(cString: strerror(errno)))")
        }
        guard let stream = opendir(folder) else { throw failure() }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw failure() }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: UInt8.self, capacity: Int(NAME_MAX) + 1) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen(name)))
                }
            }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
    }
}
