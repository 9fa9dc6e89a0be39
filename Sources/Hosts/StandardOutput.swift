internal import Foundation

/// Results on standard output, which somebody may keep: what does not arrive there is an error.
package enum StandardOutput {
    /// Writes all of a text.
    ///
    /// - Throws: `StandardOutputError` where the disk behind it is full, nobody reads it any more, or it is closed.
    package static func print(_ text: String, terminator: String = "\n") throws(StandardOutputError) {
        // A line that shows progress may stand on the same terminal.
        StandardError.clearLine()
        let bytes = Array((text + terminator).utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StandardOutputError(reason: String(cString: strerror(errno))) }
            done += count
        }
    }

    /// Sees to it that what cannot be written is an error of the call: signals for it would end the process without a
    /// word, and a stream that is closed would be the first file that is opened. To be called first of all.
    package static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest that is free; what is open for reading alone takes no bytes.
            guard open("/dev/null", O_RDONLY) == descriptor else { return }
        }
    }
}

/// Results that did not arrive.
package struct StandardOutputError: Error, ExitCodeProviding, Equatable, CustomStringConvertible {
    let reason: String
    /// What the system said.
    package var description: String { "standard output: the result cannot be written: \(reason)" }
    /// 74: input or output.
    package var exitCode: Int32 { ExitCode.inputOutput }
}
