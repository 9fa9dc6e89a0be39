import Testing
import Training

/// The check of TensorBoard's records, by published values.
@Suite struct CRC32CTests {
    /// The first is that of the catalogue of parametrised algorithms, the others are those of RFC 3720, B.4.
    @Test func publishedValues() {
        #expect(CRC32C.of("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.of([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.of(0..<32 as Range<UInt8>) == 0x46DD_794E)
        #expect(CRC32C.of((0..<32 as Range<UInt8>).reversed()) == 0x113F_DB5C)
        #expect(CRC32C.of([]) == 0)
    }

    /// The record with which TensorFlow begins each file, but for its time.
    @Test func aRecordIsFramedAsTensorFlowFramesIt() {
        let message: [UInt8] = [0x1A, 0x0D] + Array("brain.Event:2".utf8)
        let record = EventRecord.bytes(of: message)
        #expect(record.count == 8 + 4 + message.count + 4)
        #expect(Array(record[..<8]) == [15, 0, 0, 0, 0, 0, 0, 0] && Array(record[12..<27]) == message)
        #expect(CRC32C.masked("123456789".utf8) == 0xC78A_B0E5)
    }
}
