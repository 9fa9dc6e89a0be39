/// A value of a pickle, by its place among all of them.
///
/// Values refer to each other by number and not by reference: so neither a circle nor a million levels of nesting
/// is anything special, and taking the values down needs no recursion.
struct PickleReference: Hashable, Sendable {
    let index: Int32
}

/// What a pickle can hold here.
enum PickleValue: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    /// An integer of more than 64 bits, whose value nobody needs.
    case largeInteger
    case number(Double)
    case text(String)
    case bytes([UInt8])
    case list([PickleReference])
    case tuple([PickleReference])
    case set([PickleReference])
    /// Entries in the order in which they were set; of equal keys the last one counts.
    case dictionary([PickleEntry])
    /// A class or a function, which is known by its name and nothing else.
    case global(String)
    /// What calling that class or function would have made. It was not called.
    case opaque(String)
    case storage(StorageReference)
    case tensor(StoredTensor)
}

/// An entry of a dictionary.
struct PickleEntry: Sendable {
    let key: PickleReference
    let value: PickleReference
}

/// Elements that tensors share, by the key of the storage in its file.
struct StorageReference: Equatable, Sendable {
    let key: String
    /// Nil for a storage of bytes, whose tensors say what they are.
    let type: SafetensorsElementType?
    /// Elements, or bytes, of the whole storage.
    let count: Int
    /// Those of it that tensors may use: old files have storages that are a part of another one.
    var view: Range<Int>
}

/// A tensor and where its elements are.
final class StoredTensor: Sendable {
    let storage: StorageReference
    let type: SafetensorsElementType
    /// Within the whole storage.
    let layout: StridedLayout

    init(storage: StorageReference, type: SafetensorsElementType, layout: StridedLayout) {
        (self.storage, self.type, self.layout) = (storage, type, layout)
    }
}

/// What a pickle was read to.
struct Pickle: Sendable {
    let values: [PickleValue]
    let root: PickleReference
    /// Storages that tensors refer to, by key.
    let storages: [String: StorageReference]
    /// Classes and functions that the pickle wanted called and that were not, in order, each once.
    let opaqueNames: [String]
    /// The byte behind the pickle.
    let end: Int

    subscript(_ reference: PickleReference) -> PickleValue { values[Int(reference.index)] }

    /// The entries of a dictionary whose keys are texts, in order; nil for other values.
    func entries(_ reference: PickleReference) -> [(key: String, value: PickleReference)]? {
        guard case .dictionary(let entries) = self[reference] else { return nil }
        return entries.compactMap { entry in
            if case .text(let key) = self[entry.key] { (key, entry.value) } else { nil }
        }
    }
}
