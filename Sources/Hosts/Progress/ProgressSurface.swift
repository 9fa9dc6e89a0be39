/// Where progress is shown.
package enum ProgressSurface: Sendable {
    /// Nowhere.
    case none
    /// In a log: plain lines that stay, now and then.
    case log(@Sendable (String) -> Void)
    /// On a terminal: one line that renews itself.
    case terminal(@Sendable (ProgressText) -> Void)

    /// How often the line of a terminal renews itself, in seconds.
    package static let secondsBetweenRenewals = 0.2
    /// How often lines come in a log.
    package static let secondsBetweenLines = 10.0
}
