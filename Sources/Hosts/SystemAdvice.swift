internal import Foundation

/// What a person can do about a file that the system did not open or write.
package enum SystemAdvice {
    /// What to do about an error number; empty where nothing is known to help.
    package static func of(_ errorNumber: Int32?) -> String {
        switch errorNumber {
        case ENOSPC, EDQUOT: "Free space on that disk, or choose another place"
        case EFBIG: "The file may not grow: raise the limit (ulimit -f), or choose another disk"
        case EACCES, EPERM:
            "Give the user who runs this program the right to do that, or choose another place"
        case ETIMEDOUT:
            "The disk or the network file system does not answer: look into the system's log (dmesg)"
        case EROFS: "The disk is mounted for reading only: choose another place"
        case EIO: "The disk or the network file system failed: look into the system's log (dmesg)"
        case ENOTDIR: "A part of this path is a file, not a folder: choose another place"
        case ENOENT: "Look for a mistake in the path, and for a folder that was removed meanwhile"
        case EMFILE, ENFILE: "Too many files are open: raise the limit (ulimit -n)"
        default: ""
        }
    }

    /// The same, as it follows a message.
    package static func sentence(_ errorNumber: Int32?) -> String {
        let advice = of(errorNumber)
        return advice.isEmpty ? "" : ". \(advice)"
    }
}
