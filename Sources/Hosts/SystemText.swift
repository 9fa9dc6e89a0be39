/// Text from C functions that write it into a buffer of the caller.
package enum SystemText {
    /// What `write` wrote, or nil if it returned anything but 0 or wrote nothing.
    ///
    /// - Parameters:
    ///   - capacity: How many bytes `write` may write.
    ///   - write: Writes at most `capacity` bytes and returns a code, 0 for success.
    package static func read(capacity: Int, _ write: (UnsafeMutablePointer<CChar>) -> Int32) -> String? {
        // One byte more than may be written: not every function ends a text that it cuts short.
        var bytes = [CChar](repeating: 0, count: capacity + 1)
        guard write(&bytes) == 0 else { return nil }
        let text = String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
