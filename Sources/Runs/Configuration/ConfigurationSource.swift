internal import Hosts

/// A configuration file that was read, once: it may be a pipe. Configurations that differ in their `--set` options are
/// made of it.
struct ConfigurationSource {
    private let document: ConfigurationDocument
    /// What relative paths are relative to.
    private let directory: String

    /// Reads a file.
    ///
    /// - Throws: `ConfigurationError` where it cannot be read or is not YAML.
    init(file: String) throws {
        document = try ConfigurationDocument(file: file)
        guard let current = UTF8Names.currentFolder else {
            throw ConfigurationError(
                origin: .file(file),
                problem:
                    "the name of the current folder is not UTF-8, so that files cannot be found; rename it")
        }
        let path = absolutePath(file, in: current)
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        directory = document.isStream ? current : folder
    }

    /// The configuration with these options, in their order.
    ///
    /// - Throws: `ConfigurationError` for anything that is not exactly a configuration of this version.
    func configuration(_ assignments: [String]) throws -> RunConfiguration {
        try RunConfiguration(document, directory: directory, assignments: assignments)
    }
}
