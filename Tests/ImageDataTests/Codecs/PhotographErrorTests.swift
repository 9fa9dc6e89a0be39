import ImageData
import TestSupport
import Testing

@Suite struct PhotographErrorTests {
    /// What the cases are, in the words of the error, of header and decoder alike.
    @Test(arguments: [
        ("photograph-cases/zero.jpg", "is empty"),
        ("photograph-cases/heic-as.jpg", "is a HEIC, not JPEG or PNG"),
        ("photograph-cases/gif-as.jpg", "is a GIF, not JPEG or PNG"),
        ("photograph-cases/._photo.jpg", "is an AppleDouble file"),
        ("photographs/empty.png", "is empty"),
        ("photographs/not-an-image.jpg", "is text, not JPEG or PNG"),
    ])
    func otherFilesAreNamed(name: String, words: String) throws {
        let path = fixture(name)
        let error = try dataError { try PhotographHeader(contentsOf: path) }
        #expect(error.kind == .format && error.exitCode == 65 && error.path == path)
        #expect(error.detail.hasPrefix(words), "\(error)")
        #expect(try dataError { try decoded(path) } == error)
    }

    @Test(arguments: ["photograph-cases/half.jpg", "photographs/truncated.jpg"])
    func truncatedFilesAreRefused(name: String) throws {
        let error = try dataError { try decoded(fixture(name)) }
        #expect(error.kind == .format && error.path == fixture(name))
        #expect(error.detail.hasPrefix("is a truncated JPEG: it ends after"), "\(error)")
    }

    /// First bytes of what people put into folders of photographs.
    @Test(arguments: [
        ("RIFF\u{10}\0\0\0WEBPVP8 ", "is a WebP,"), ("BM6\0\0\0", "is a BMP,"), ("%PDF-1.7\n%", "is a PDF,"),
        ("II*\0\u{8}", "is a TIFF,"), ("MM\0*\0", "is a TIFF,"), ("PK\u{3}\u{4}", "is a zip file,"),
        ("\0\0\0\u{1C}ftypavif", "is an AVIF,"), ("\0\0\0\u{18}ftypmif1", "is a HEIF,"),
        ("\0\0\0\u{18}ftypisom", "is a video or another file of the MP4 family,"),
        ("<?xml version=\"1.0\"?>\n<svg xmlns=\"x\">", "is an SVG,"), (" \n<html><body>", "is an HTML page,"),
        ("<!DOCTYPE html>", "is an HTML page,"), ("<?xml version=\"1.0\"?><plist>", "is XML,"),
        ("\0\0\0\0\0\0\0", "is zero bytes,"), ("caf\u{E9}, two words", "is text,"),
        ("version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS"),
        ("\u{1}\u{2}abc", "is of unknown bytes (01 02 61 62 63),"),
    ])
    func wordsForFirstBytes(start: String, words: String) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = try folder.write(Array(start.utf8), as: "picture.jpg")
        let error = try dataError { try PhotographHeader(contentsOf: path) }
        #expect(error.detail.hasPrefix(words), "\(error)")
        #expect(error.description.hasPrefix(path))
    }

    /// First bytes that are not text.
    @Test func gzipAndThumbnailsAreNamed() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = try folder.write([0x1F, 0x8B, 8, 0], as: "picture.jpg")
        #expect(try dataError { try decoded(path) }.detail.hasPrefix("is a gzip file,"))
        let magic: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0]
        let thumbnails = try folder.write(magic, as: "Thumbs.db")
        #expect(try dataError { try decoded(thumbnails) }.detail.hasPrefix("is Windows' Thumbs.db or"))
    }

    /// Every cut of a header, and of pixels, is a truncated or an empty file; or too short to be known.
    @Test(arguments: [
        "baseline-420.jpg", "progressive-444.jpg", "grey.jpg", "png-type2-8.png",
        "png-type3-4-interlaced.png",
    ])
    func everyCutIsTruncated(name: String) throws {
        let bytes = try contents(fixture("photograph-variants/\(name)"))
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let lengths = stride(from: 8, to: bytes.count, by: 13) + [bytes.count - 2, bytes.count - 1]
        for length in lengths {
            let path = try folder.write(Array(bytes[..<length]), as: "cut-\(name)")
            let error = try dataError { try decoded(path) }
            #expect(error.detail.hasPrefix("is a truncated"), "\(length) of \(bytes.count): \(error)")
        }
    }

    /// A byte in the middle of the coded pixels is another one.
    @Test func damagedPixelsAreRefused() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        var png = try contents(fixture("photographs/rgb.png"))
        png[png.count / 2] ^= 0x10
        let error = try dataError { try decoded(try folder.write(png, as: "a.png")) }
        #expect(error.detail.hasPrefix("is a damaged PNG: IDAT: CRC error"), "\(error)")
        // A restart marker that is not there.
        var jpeg = try contents(fixture("photograph-variants/restart-420.jpg"))
        let marker = try #require(
            jpeg.indices.dropLast().last { jpeg[$0] == 0xFF && jpeg[$0 + 1] & 0xF8 == 0xD0 })
        jpeg[marker + 1] ^= 4
        let second = try dataError { try decoded(try folder.write(jpeg, as: "a.jpg")) }
        #expect(second.detail.hasPrefix("is a damaged JPEG: Corrupt JPEG data: found marker"), "\(second)")
    }

    /// Bytes after the picture, as telephones and programs append them, are no damage.
    @Test(arguments: ["baseline-420.jpg", "png-type2-8.png"])
    func bytesAfterThePictureAreIgnored(name: String) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let bytes = try contents(fixture("photograph-variants/\(name)"))
        let path = try folder.write(bytes + Array(repeating: 7, count: 5000), as: name)
        #expect(try decoded(path) == decoded(fixture("photograph-variants/\(name)")))
    }

    @Test func somethingElseThanAFileIsRefused() throws {
        #expect(try dataError { try decoded("/dev/zero") }.kind == .unsupported)
        #expect(try dataError { try decoded(fixture("photographs")) }.kind == .unsupported)
        #expect(try dataError { try decoded(fixture("photographs/none.jpg")) }.kind == .inputOutput)
    }
}
