internal import Foundation

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
        let all: [String]
        do {
            all = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            // Foundation's own words do not say why.
            let reason = access(folder, R_OK | X_OK) == 0 ? "\(error)" : String(cString: strerror(errno))
            throw DataError(.inputOutput, path: folder, "cannot be listed: \(reason)")
        }
        // What Foundation decodes from bytes that are no UTF-8 holds U+FFFD, and cannot be opened.
        if let name = all.first(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
            throw DataError(
                .unsupported, path: folder, "holds a name that is no UTF-8: '\(name)'; rename it")
        }
        let names = all.filter { !$0.hasPrefix(".") }
        return (names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, all.count - names.count)
    }
}
