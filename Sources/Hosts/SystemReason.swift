internal import Foundation

extension Error {
    /// Why a file operation of Foundation failed, in the system's own words: `Not a directory`.
    ///
    /// Foundation hides the system's code one or two errors deep, as an `NSError` or as a `POSIXError`
    /// depending on the call, and says of itself only that the operation could not be completed.
    package var systemReason: String {
        systemErrorNumber.map { String(cString: strerror($0)) } ?? (self as NSError).localizedDescription
    }

    /// The system's number of the error; nil where it has none.
    package var systemErrorNumber: Int32? {
        if let error = self as? POSIXError { return error.code.rawValue }
        let error = self as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(exactly: error.code) }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error)?.systemErrorNumber
    }
}
