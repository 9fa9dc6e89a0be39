internal import CTurboJPEG

/// Encodes JPEG by libjpeg-turbo: colours at half resolution, tables of Huffman's code made for the picture.
enum JPEGEncoder {
    /// Encodes an image.
    ///
    /// - Parameters:
    ///   - image: Grey or red, green and blue, at most 65,500 pixels each way.
    ///   - quality: 1 to 100, libjpeg's scale.
    /// - Returns: The bytes of a file.
    /// - Throws: `DataError` with what libjpeg says.
    static func encode(_ image: PixelImage, quality: Int) throws(DataError) -> [UInt8] {
        var picture = cturbojpeg_picture()
        (picture.width, picture.height) = (UInt32(image.size.width), UInt32(image.size.height))
        (picture.channels, picture.quality) = (Int32(image.channels), Int32(quality))
        let (bytes, message) = run(&picture, image.pixels)
        guard let message else { return bytes }
        throw DataError(
            .format, path: "", "an image of \(image.size) pixels cannot be encoded as JPEG: \(message)")
    }

    /// Encodes, and gives the file, or libjpeg's message where it failed.
    private static func run(
        _ picture: inout cturbojpeg_picture, _ pixels: [UInt8]
    ) -> (bytes: [UInt8], message: String?) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(JMSG_LENGTH_MAX)) { message in
            message.initialize(repeating: 0)
            return pixels.withUnsafeBufferPointer { pixels -> (bytes: [UInt8], message: String?) in
                (picture.pixels, picture.message) = (pixels.baseAddress, message.baseAddress)
                defer { cturbojpeg_release(&picture) }
                guard cturbojpeg_encode(&picture) == 0 else {
                    return ([], message.baseAddress.map { String(cString: $0) } ?? "")
                }
                return (
                    Array(UnsafeBufferPointer<UInt8>(start: picture.bytes, count: Int(picture.count))), nil
                )
            }
        }
    }
}
