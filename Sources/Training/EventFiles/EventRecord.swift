/// How TensorBoard's files hold their messages, one record after the other (TFRecord): the length in 8 bytes, the masked
/// check of these, the message, the masked check of it. Numbers are little-endian.
package enum EventRecord {
    /// A message as a record.
    package static func bytes(of message: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(message.count))
        return length + littleEndian(CRC32C.masked(length)) + message
            + littleEndian(CRC32C.masked(message))
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
