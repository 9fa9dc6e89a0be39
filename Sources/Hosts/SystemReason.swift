internal import Foundation

extension Error {
    /// Why a file operation of Foundation failed, in the system's own words: `Not a directory`.
    ///
    /// Foundation hides the system's code one or two errors deep, as an `NSError` or as a `POSIXError`
    /// depending on the call, and says of itself only that the operation could not be completed.
    package var systemReason: String {
        if let error = self as? POSIXError { return String(cString: strerror(error.code.rawValue)) }
        let error = self as NSError
        if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
        guard let underlying = error.userInfo[NSUnderlyingErrorKey] as? any Error else {
            return error.localizedDescription
        }
        return underlying.systemReason
    }
}
