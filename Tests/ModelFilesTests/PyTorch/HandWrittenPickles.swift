import ModelFiles
import Tensors
import TestSupport

/// The path of a file in `Fixtures/PyTorch`.
func pyTorchFixture(_ name: String) -> String { fixture("PyTorch/\(name)") }

/// A file of PyTorch's old format around a pickle written by hand: the shortest way to give the reader any pickle.
///
/// - Parameters:
///   - pickle: The object, from the first operation to `.`.
///   - keys: The keys of the storages that follow it.
///   - storages: Number of elements and bytes of each.
func legacyFile(
    _ pickle: [UInt8], keys: [String] = [], storages: [(count: Int64, bytes: [UInt8])] = []
) -> [UInt8] {
    let magic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    let version: [UInt8] = [0x80, 0x02, 0x4D, 0xE9, 0x03, 0x2E]
    let system: [UInt8] = [0x80, 0x02, 0x7D, 0x2E]
    let keyTexts: [UInt8] = keys.map { text($0) }.reduce([], +)
    let keyList = bytes([0x80, 0x02, 0x5D, 0x28], keyTexts, [0x65, 0x2E])
    var data: [UInt8] = []
    for storage in storages {
        data += withUnsafeBytes(of: storage.count.littleEndian) { Array($0) } + storage.bytes
    }
    return bytes(magic, version, system, pickle, keyList, data)
}

/// All bytes, one part after the other. A chain of `+` would take the compiler minutes.
func bytes(_ parts: [UInt8]...) -> [UInt8] { parts.reduce([], +) }

/// The operation that pushes a short text.
func text(_ text: String) -> [UInt8] { bytes([0x8C, UInt8(text.utf8.count)], Array(text.utf8)) }

/// The operation that pushes a class or function.
func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

/// The operation that pushes an integer.
func integer(_ value: Int64) -> [UInt8] {
    [0x8A, 8] + withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// A tuple of what the parts push.
func tuple(_ parts: [UInt8]...) -> [UInt8] { bytes([0x28], parts.reduce([], +), [0x74]) }

/// A storage of 32-bit floats.
func storage(_ key: String, count: Int64, kind: String = "FloatStorage", view: [UInt8] = [0x4E]) -> [UInt8] {
    let parts = tuple(
        text("storage"), global("torch", kind), text(key), text("cpu"), integer(count), view)
    return bytes(parts, [0x51])
}

/// The tensor that the arguments describe.
func tensor(_ storage: [UInt8], offset: Int64, sizes: [Int64], strides: [Int64]) -> [UInt8] {
    func integers(_ values: [Int64]) -> [UInt8] { bytes([0x28], values.map(integer).reduce([], +), [0x74]) }
    let arguments = tuple(storage, integer(offset), integers(sizes), integers(strides), [0x89])
    return bytes(global("torch._utils", "_rebuild_tensor_v2"), arguments, [0x52])
}

/// A pickle of a dictionary with one entry.
func dictionary(_ key: String, _ value: [UInt8]) -> [UInt8] {
    bytes([0x80, 0x02, 0x7D], text(key), value, [0x73, 0x2E])
}

/// Opens bytes as a file and reads every tensor in it.
///
/// - Returns: The error that this ends with, or nil.
func readingError(_ bytes: [UInt8], in folder: ScratchFolder) throws -> (any Error)? {
    let path = try folder.write(bytes, as: "weights.pth")
    do {
        try readEverything(try WeightFile.open(path))
        return nil
    } catch {
        return error
    }
}

/// Reads every tensor of a file.
func readEverything(_ file: any WeightSource) throws {
    for name in file.names {
        _ = file.shape(of: name)
        if file.holdsIntegers(name) { _ = try file.integers(name) } else { _ = try file.tensor(name) }
    }
}
