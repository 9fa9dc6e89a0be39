internal import Foundation

/// The memory of this process, as the system counts it.
package enum ProcessMemory {
    /// The most memory that this process held since it started or since `resetPeak`, in bytes.
    package static var peakBytes: Int64 {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) } ?? 0) * 1024
    }

    /// Lets the peak begin anew at what the process holds now. Where the system refuses, the peak stays what it
    /// was, which is at worst too much.
    package static func resetPeak() {
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    }
}
