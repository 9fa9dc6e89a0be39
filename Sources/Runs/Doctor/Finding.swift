/// Something that should be changed: what it concerns, what was found, what is expected, and what mends it.
package struct Finding: Sendable, Codable, Equatable {
    /// What it concerns, for example `cores of host a`, or a key of the configuration.
    package var subject: String
    /// What was found.
    package var found: String
    /// What is expected; empty where `found` says so.
    package var expected: String
    /// The command or the setting that mends it.
    package var remedy: String
    /// The code that a run would exit with because of it; nil where a run can start all the same.
    package var exitCode: Int32?

    package init(_ subject: String, found: String, expected: String, remedy: String, exitCode: Int32? = nil) {
        (self.subject, self.found, self.expected) = (subject, found, expected)
        (self.remedy, self.exitCode) = (remedy, exitCode)
    }
}
