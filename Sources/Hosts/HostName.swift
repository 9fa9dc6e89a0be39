internal import Foundation

/// The name of the machine that this process runs on.
public enum HostName {
    /// The host name as the system reports it, or `unknown` if it does not.
    public static let current = SystemText.read(capacity: 255) { gethostname($0, 255) } ?? "unknown"
}
