public import Tensors

/// The weights in a file that `torch.save` wrote: `.pth`, `.pt`, `.pth.tar`, `.bin`, `.ckpt`.
///
/// Both formats are read: the ZIP archive of PyTorch 1.6 and later, and the one before. The pickle inside is read by
/// a machine that **calls nothing** (`Unpickler`): a class or function that a file names, other than those of tensors,
/// becomes an opaque value, and its name is remembered in `opaqueNames`. Weights are looked for where people keep
/// them: in the whole, or under `model_ema`, `state_dict`, `model` and the like.
///
/// Strided, shared and offset storages give dense tensors; every place is checked against the size of its storage when
/// the file is opened.
///
/// Source: `torch/serialization.py` of PyTorch 2.9.
public struct PyTorchFile: Sendable {
    /// The file, as it was given.
    public let path: String
    /// Names of the tensors, sorted.
    public let names: [String]
    /// Keys that lead to the weights in the file: `["state_dict"]`; empty where they are the whole.
    public let keys: [String]
    /// Classes and functions that the file wanted called, which nobody did.
    public let opaqueNames: [String]

    private let contents: PyTorchContents
    private let state: StateDictionary

    /// Opens a file and checks everything but the checksums of elements, which are checked when they are read.
    ///
    /// - Throws: `WeightFileError` where the file cannot be read, is of another kind, is damaged, or holds no weights.
    public init(contentsOf path: String) throws(WeightFileError) {
        try self.init(MappedFile(weights: path), path)
    }

    init(_ file: MappedFile, _ path: String) throws(WeightFileError) {
        do throws(WeightFileFailure) {
            switch file.withBytes(FileAppearance.init) {
            case .zip: contents = try PyTorchContents(zip: file)
            case .legacyPyTorch: contents = try PyTorchContents(legacy: file)
            case let other: throw other.failure
            }
            state = try StateDictionary(contents.pickle)
        } catch {
            throw error.at(path)
        }
        self.path = path
        (names, keys) = (state.tensors.keys.sorted(), state.keys)
        opaqueNames = contents.pickle.opaqueNames
    }
}

extension PyTorchFile: WeightSource {
    /// Bytes of all storages.
    public var byteCount: Int { contents.storages.byteCount }

    /// The format, where the weights were, and what was not called.
    public var findings: [String] {
        var place = keys.isEmpty ? "" : ", weights under \(keys.map { "'\($0)'" }.joined(separator: " › "))"
        if !state.alternatives.isEmpty { place += " (not \(state.alternatives.listed()))" }
        var lines = ["\(contents.format), \(names.count) tensors\(place)"]
        if !state.otherNames.isEmpty { lines.append("no tensors: \(state.otherNames.listed())") }
        if !opaqueNames.isEmpty { lines.append("never called: \(opaqueNames.listed())") }
        return lines
    }

    /// The shape of a tensor, or nil where the file has none of that name.
    public func shape(of name: String) -> Shape? { state.tensors[name].map { Shape($0.layout.sizes) } }

    /// Whether the elements of a tensor are integers; false where there is none of that name.
    public func holdsIntegers(_ name: String) -> Bool { state.tensors[name]?.type.isInteger ?? false }

    /// The tensor of that name, dense, copied out of the file.
    ///
    /// - Throws: `WeightFileError` where the name is missing, the elements are no floats, or they do not agree with
    ///   their checksum.
    public func tensor(_ name: String) throws -> Tensor {
        try withElements(name) { elements in
            guard let tensor = elements.tensor() else {
                throw wrongType(name, elements, expected: "16, 32 or 64-bit floats")
            }
            return tensor
        }
    }

    /// The integers of that name in row-major order; booleans give 0 and 1.
    ///
    /// - Throws: `WeightFileError`, as for floats; where an element does not fit into 64 bits with a sign.
    public func integers(_ name: String) throws -> [Int] {
        try withElements(name) { elements in
            do throws(StoredElements.TooLarge) {
                if let integers = try elements.integers() { return integers }
            } catch {
                throw WeightFileFailure(
                    .content,
                    "element \(error.index) of '\(name.excerpt)' is \(error.value), more than \(Int.max)")
            }
            throw wrongType(name, elements, expected: "integers")
        }
    }

    private func wrongType(
        _ name: String, _ elements: StoredElements, expected: String
    ) -> WeightFileFailure {
        WeightFileFailure(
            .content, "'\(name.excerpt)' has elements of type \(elements.type.rawValue); expected \(expected)"
        )
    }

    private func withElements<Result>(
        _ name: String, _ body: (StoredElements) throws -> Result
    ) throws -> Result {
        do {
            guard let tensor = state.tensors[name] else {
                throw WeightFileFailure(
                    .content,
                    "there is no tensor '\(name.excerpt)'; it holds \(names.count): \(names.listed())")
            }
            return try contents.storages.withBytes(of: tensor.storage.key) { bytes in
                try body(StoredElements(bytes: bytes, type: tensor.type, layout: tensor.layout))
            }
        } catch let failure as WeightFileFailure {
            throw failure.at(path)
        }
    }
}
