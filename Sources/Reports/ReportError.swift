internal import Hosts

/// A folder of which no report can be made.
package struct ReportError: Error, ExitCodeProviding, CustomStringConvertible {
    /// The folder, what was found and what was expected.
    package let description: String
    /// 64 where it is given twice, 65 where it is something else, 74 where it cannot be read.
    package let exitCode: Int32

    init(_ description: String, exitCode: Int32) {
        (self.description, self.exitCode) = (description, exitCode)
    }
}
