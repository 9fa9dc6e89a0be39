/// What `torch.save` put into a file: a pickle, and the storages that its tensors refer to.
struct PyTorchContents: Sendable {
    /// For a person: which of the two formats it is.
    let format: String
    let pickle: Pickle
    let storages: PyTorchStorages
}

extension PyTorchContents {
    /// Reads a ZIP archive, which PyTorch writes since 1.6: `NAME/data.pkl`, and a file `NAME/data/KEY` a storage.
    init(zip file: MappedFile) throws(WeightFileFailure) {
        let archive = try ZipArchive(file.bytes)
        let folder = try Self.folder(of: archive)
        if archive.entries["\(folder)byteorder"] != nil {
            let order = try archive.contents("\(folder)byteorder", in: file.bytes, limit: 64)
            guard !order.starts(with: "big".utf8) else { throw Self.bigEndian }
        }
        let pickled = archive.entries["\(folder)data.pkl"]?.byteCount ?? 0
        guard pickled <= PickleLimits.bytes else {
            throw WeightFileFailure(
                .unsupported,
                "has a pickle of \(pickled) bytes, and at most \(PickleLimits.bytes) are read: tensors lie beside it, so it holds other objects, such as NumPy arrays; save model.state_dict() with torch.save instead"
            )
        }
        let bytes = try archive.contents("\(folder)data.pkl", in: file.bytes, limit: PickleLimits.bytes)
        let pickle = try Unpickler.read(bytes)
        var places: [String: PyTorchStorages.Place] = [:]
        var byteCount = 0
        for (key, storage) in pickle.storages {
            let name = "\(folder)data/\(key)"
            guard let entry = archive.entries[name] else {
                throw WeightFileFailure(
                    .damaged, "has no file '\(name.excerpt)' for a tensor; copy the file again")
            }
            guard PyTorchStorages.byteCount(of: storage) == entry.byteCount else {
                throw WeightFileFailure(
                    .damaged,
                    "'\(name.excerpt)' holds \(entry.byteCount) bytes; its tensors need \(storage.count) elements of \(storage.type?.byteCount ?? 1) bytes"
                )
            }
            places[key] = .entry(name)
            byteCount = byteCount.addingReportingOverflow(entry.byteCount).partialValue
        }
        self.init(
            format: "PyTorch checkpoint (ZIP)", pickle: pickle,
            storages: PyTorchStorages(file, archive: archive, places: places, byteCount: byteCount))
    }

    static let bigEndian = WeightFileFailure(
        .unsupported,
        "was written by a big-endian machine; load it there and save it with safetensors, which has one byte order"
    )

    /// The folder with everything in it, with its slash.
    private static func folder(of archive: ZipArchive) throws(WeightFileFailure) -> String {
        let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
        guard let pickle = pickles.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) else {
            let names = archive.entries.keys.sorted().listed(atMost: 3)
            throw WeightFileFailure(
                .unsupported,
                "is a ZIP archive without a data.pkl, so torch.save did not write it; it holds \(names.isEmpty ? "nothing" : names)"
            )
        }
        let folder = String(pickle.dropLast("data.pkl".count))
        guard archive.entries["\(folder)constants.pkl"] == nil else {
            throw WeightFileFailure(
                .unsupported,
                "is a TorchScript program (torch.jit.save), which would have to be run; save model.state_dict() with torch.save instead"
            )
        }
        return folder
    }
}

extension PyTorchContents {
    /// The first bytes of the old format: a pickle of protocol 2 that holds PyTorch's magic number.
    static let legacyMagic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// Reads the format of PyTorch before 1.6: pickles of a magic number, a protocol's version, facts about the
    /// machine, the object and the keys of its storages; then each storage, behind its number of elements.
    init(legacy file: MappedFile) throws(WeightFileFailure) {
        let bytes = Array(file.bytes.prefix(PickleLimits.bytes))
        let version = try Unpickler.read(bytes, from: Self.legacyMagic.count)
        guard case .integer(1001) = version[version.root] else {
            throw WeightFileFailure(
                .unsupported,
                "is of PyTorch's old format, but not of its version 1001, the only one there was")
        }
        let system = try Unpickler.read(bytes, from: version.end)
        for (key, value) in system.entries(system.root) ?? [] where key == "little_endian" {
            if case .boolean(false) = system[value] { throw Self.bigEndian }
        }
        let pickle = try Unpickler.read(bytes, from: system.end)
        let keys = try Unpickler.read(bytes, from: pickle.end)
        let (places, byteCount) = try Self.places(keys, of: pickle, in: file)
        self.init(
            format: "PyTorch checkpoint (old format)", pickle: pickle,
            storages: PyTorchStorages(file, archive: nil, places: places, byteCount: byteCount))
    }

    private static func places(
        _ keys: Pickle, of pickle: Pickle, in file: MappedFile
    ) throws(WeightFileFailure) -> (places: [String: PyTorchStorages.Place], byteCount: Int) {
        guard case .list(let items) = keys[keys.root] else {
            throw WeightFileFailure(.damaged, "has no list of its storages; copy the file again")
        }
        var places: [String: PyTorchStorages.Place] = [:]
        let reader = LittleEndianBytes(file.bytes)
        var (position, byteCount) = (keys.end, 0)
        for item in items {
            let key: String
            switch keys[item] {
            case .text(let text): key = text
            case .integer(let number): key = String(number)
            default: throw WeightFileFailure(.damaged, "has a storage without a name; copy the file again")
            }
            guard let storage = pickle.storages[key], let bytes = PyTorchStorages.byteCount(of: storage)
            else {
                throw WeightFileFailure(
                    .unsupported,
                    "has a storage '\(key.excerpt)' of a kind that cannot be read, such as complex or quantized numbers"
                )
            }
            guard let count = reader.index(at: position), count == storage.count,
                bytes <= file.bytes.count - position - 8
            else {
                throw WeightFileFailure(
                    .damaged,
                    "storage '\(key.excerpt)' of \(storage.count) elements does not lie at byte \(position) of \(file.bytes.count): the file was cut off; copy it again"
                )
            }
            guard places.updateValue(.range(position + 8..<position + 8 + bytes), forKey: key) == nil else {
                throw WeightFileFailure(.damaged, "has storage '\(key.excerpt)' twice; copy the file again")
            }
            position += 8 + bytes
            byteCount += bytes
        }
        if let absent = pickle.storages.keys.sorted().first(where: { places[$0] == nil }) {
            throw WeightFileFailure(
                .damaged, "has no storage '\(absent.excerpt)' for a tensor; copy the file again")
        }
        return (places, byteCount)
    }
}
