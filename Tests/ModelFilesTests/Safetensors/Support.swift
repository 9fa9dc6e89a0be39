internal import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

/// The path of a file in `Fixtures`.
func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/\(name)").path
}

/// A file of the given header and data.
func assembled(_ header: String, data: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
}

/// The error that opening these bytes ends with, or nil.
func openingError(_ bytes: [UInt8], in folder: ScratchFolder) throws -> SafetensorsError? {
    let path = try folder.write(bytes, as: "file.safetensors")
    do {
        _ = try SafetensorsFile(contentsOf: path)
        return nil
    } catch {
        #expect(error.path == path && error.description.hasPrefix(path))
        return error
    }
}
