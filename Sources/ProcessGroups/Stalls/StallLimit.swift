internal import Foundation

/// After how long a stall ends the job: the environment variable `BALLAST_STALL_SECONDS`.
package enum StallLimit {
    /// The name of the environment variable.
    static let variable = "BALLAST_STALL_SECONDS"

    /// Seconds, where the variable is absent.
    static let standard = 300.0

    /// The seconds that an environment asks for; nil for never.
    ///
    /// - Throws: `LaunchError.wrongStallLimit` unless the variable is absent or holds 0 or a number from 1.
    package static func seconds(
        variables: [String: String] = ProcessInfo.processInfo.environment
    ) throws(LaunchError) -> Double? {
        guard let text = variables[variable] else { return standard }
        guard let seconds = Double(text), seconds.isFinite, seconds == 0 || (1...31_536_000).contains(seconds)
        else {
            throw .wrongStallLimit(text)
        }
        return seconds == 0 ? nil : seconds
    }

    /// The seconds that this process would choose by itself; the standard where its environment is wrong.
    static var ownSeconds: Double? {
        do { return try seconds() } catch { return standard }
    }
}
