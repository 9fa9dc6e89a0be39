import Foundation

/// A reader of files that are not trusted.
struct Reader: Sendable {
    /// Its name on the command line and in the table.
    let name: String
    /// What its inputs are called: some readers go by the end of the name.
    var fileName = "input"
    /// Codes of errors that are about the file: 65; 64 for settings; 74 where a file names another that is not there.
    var codes: Set<Int32> = [65]
    /// Whether inputs are text, in which parts may be repeated thousands of times.
    var isText = false
    /// Good files, which are damaged.
    var corpus: @Sendable () throws -> [[UInt8]] = { [] }
    /// Inputs that are given as they are, instead of damaged ones.
    var cases: [HostileFile]?
    /// Puts files into a folder that inputs refer to.
    var prepare: @Sendable (_ folder: String) throws -> Void = { _ in }
    /// Reads everything of a file.
    let read: @Sendable (_ path: String) throws -> Void

    /// The root of the project.
    static var root: String {
        ProcessInfo.processInfo.environment["BALLAST_FUZZ_ROOT"] ?? FileManager.default.currentDirectoryPath
    }

    /// The bytes of a file of the tests.
    static func fixture(_ name: String) throws -> [UInt8] { try bytes("\(root)/Tests/\(name)") }

    /// The bytes of all files of a folder of the tests whose name has that end, in the order of their names, but for
    /// large ones.
    static func fixtures(_ folder: String, _ end: String) throws -> [[UInt8]] {
        let path = "\(root)/Tests/\(folder)"
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        return try names.filter { $0.hasSuffix(end) }.map { try bytes("\(path)/\($0)") }.filter {
            $0.count < 40_000
        }
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
