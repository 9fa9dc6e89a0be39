import ImageData
import TestSupport
import Testing

@Suite struct PhotographHeaderTests {
    /// Header and pixels agree for every file that can be decoded.
    @Test func sizesAreThoseOfThePixels() throws {
        for name in try fixtureNames("photograph-variants") {
            let path = fixture("photograph-variants/\(name)")
            let header = try PhotographHeader(contentsOf: path)
            #expect(header.size == (try decoded(path).size), "\(name)")
            #expect(header.format == (name.hasSuffix(".png") ? .png : .jpeg), "\(name)")
        }
        #expect(try PhotographHeader(contentsOf: fixture("photograph-cases/png-as.jpg")).format == .png)
        let channels = try ["grey.jpg", "rgb.jpg", "cmyk.jpg", "palette.png", "rgba.png"].map {
            try PhotographHeader(contentsOf: fixture("photographs/\($0)")).channels
        }
        #expect(channels == [1, 3, 4, 3, 4])
    }

    /// A header of a JPEG of that size, and enough bytes to hold it.
    private func jpeg(height: Int, width: Int, bits: UInt8 = 8, components: UInt8 = 1) throws -> [UInt8] {
        var bytes = try contents(fixture("photograph-variants/grey.jpg"))
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes[frame + 4] = bits
        for (offset, value) in [(5, height >> 8), (6, height), (7, width >> 8), (8, width)] {
            bytes[frame + offset] = UInt8(truncatingIfNeeded: value)
        }
        bytes[frame + 9] = components
        return bytes
    }

    private func refusal(of bytes: [UInt8]) throws -> String {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = try folder.write(bytes, as: "forged")
        return try dataError { try PhotographHeader(contentsOf: path) }.detail
    }

    @Test func sizesAreChecked() throws {
        #expect(try refusal(of: jpeg(height: 0, width: 9)).contains("announces 0 × 9 pixels; expected"))
        #expect(
            try refusal(of: jpeg(height: 65000, width: 65000)).contains("at most 178956970 are read"))
        #expect(try refusal(of: jpeg(height: 12000, width: 12000)).contains("cannot hold 12000 × 12000"))
        #expect(try refusal(of: jpeg(height: 9, width: 9, bits: 12)).contains("is a JPEG of 12 bits"))
        #expect(try refusal(of: jpeg(height: 9, width: 9, components: 2)).contains("is a damaged JPEG"))
        var png = try contents(fixture("photograph-cases/one.png"))
        png[19] = 2
        #expect(try refusal(of: png).contains("the checksum of its header is wrong"))
    }

    /// A file with a name of a picture that is larger than its announced picture can be.
    @Test func orientationsThatMakeNoSenseAreUpright() throws {
        let bytes = try contents(fixture("photograph-variants/orientation-6.jpg"))
        let exif = try #require(
            bytes.indices.dropLast(6).first { Array(bytes[$0..<$0 + 6]) == Array("Exif\0\0".utf8) })
        let folder = try ScratchFolder()
        defer { folder.remove() }
        // Byte order, place of the directory, number of entries, tag, type, value; all of them at once.
        var seen: Set<Int> = []
        for offset in exif..<exif + 34 {
            for value: UInt8 in [0, 1, 9, 255] {
                var damaged = bytes
                damaged[offset] = value
                let path = try folder.write(damaged, as: "damaged.jpg")
                seen.insert(try PhotographHeader(contentsOf: path).orientation.rawValue)
            }
        }
        #expect(seen == [1, 6])
    }

    /// A segment of 60 kB before the size, as with the thumbnails of cameras.
    @Test func sizeIsFoundBehindLongSegments() throws {
        let bytes = try contents(fixture("photograph-variants/orientation-6.jpg"))
        let segment: [UInt8] = [0xFF, 0xEE, 0xEA, 0x60] + Array(repeating: 0xFF, count: 59998)
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = try folder.write(bytes[..<2] + segment + segment + bytes[2...], as: "long.jpg")
        let header = try PhotographHeader(contentsOf: path)
        #expect(
            header == (try PhotographHeader(contentsOf: fixture("photograph-variants/orientation-6.jpg"))))
        #expect(header.orientation == .quarterTurn)
    }
}
