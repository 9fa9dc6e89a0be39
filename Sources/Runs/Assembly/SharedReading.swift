internal import Hosts
internal import ImageData
internal import ProcessGroups
internal import Tensors

/// Which ranks read weights, lists and sets of images, and to whom they give what is in them: rank 0 to all; or, where
/// every host has files of its own (`data.local`), the first rank of each host to those of its host.
struct SharedReading {
    /// The ranks that one reader serves; it is their rank 0.
    let receivers: any ProcessGroup
    /// Whether every host reads files of its own.
    let isLocal: Bool

    private let group: any ProcessGroup

    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ group: any ProcessGroup, isLocal: Bool = false) throws {
        (self.group, self.isLocal) = (group, isLocal)
        receivers = isLocal ? try group.splitByHost() : group
    }

    /// Lets the readers do work.
    ///
    /// - Parameter work: Must not call the group.
    /// - Throws: `CollectiveFailure`, on every rank: rank 0's error, or those of the hosts with their names.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func read(_ work: () throws -> Void) throws {
        guard isLocal else { return try group.coordinate(work) }
        try group.agree { if receivers.rank == 0 { try work() } }
    }

    /// Lets the readers open a data set, and gives it to the others.
    ///
    /// What is sent is a list of files with what is known of each, and the images of sets that are held in memory;
    /// photographs stay in their files. It arrives in pieces, and nothing is allocated that the ranks of a host cannot
    /// hold together.
    ///
    /// - Parameters:
    ///   - options: How files are read; the same on every rank.
    ///   - open: Opens it, on a reader.
    /// - Returns: The data set, the same on every rank that a reader serves.
    /// - Throws: `CollectiveFailure`, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func dataset(
        _ options: DatasetOptions, opening open: () throws -> any ImageDataset
    ) throws -> any ImageDataset {
        var own: (any ImageDataset)?
        try read { own = try open() }
        guard group.size > 1 else { return required(own) }
        let packed = receivers.size > 1 ? own.map { PackedDataset($0) } : nil
        // The bytes of the description, of the pixels, and the extents of each tensor.
        var extents =
            packed.map { packed in
                [packed.description.count, packed.pixels.count] + packed.tensors.flatMap(\.shape.dimensions)
            }.map { $0.map { Int64($0) } } ?? []
        try receivers.broadcast(&extents, from: 0)
        let shapes = stride(from: 2, to: extents.count, by: 4).map { first in
            Shape(extents[first..<first + 4].map { Int($0) })
        }
        let memory = try MemoryCheck(group)
        try group.agree {
            let bytes = extents.prefix(2).reduce(0) { $0 + Double($1) }
            try memory.require(
                numbers: bytes / 4 + shapes.reduce(0) { $0 + Double($1.count) },
                "a data set that is held in memory",
                remedy:
                    "start ranks on more hosts, or give images as files, in class folders, a list or shards")
        }
        guard receivers.size > 1 else { return required(own) }
        let description = try receivers.broadcast(
            packed?.description ?? [], count: Int(extents[0]), from: 0)
        let pixels = try receivers.broadcast(packed?.pixels ?? [], count: Int(extents[1]), from: 0)
        let tensors = try shapes.enumerated().map { index, shape in
            let tensor = packed?.tensors[index] ?? Tensor(repeating: 0, shape)
            try tensor.withMutableElements { try receivers.broadcast($0, from: 0) }
            return tensor
        }
        if let own { return own }
        return PackedDataset(description: description, pixels: pixels, tensors: tensors).unpacked(options)
    }

    /// What a reader has opened.
    private func required(_ own: (any ImageDataset)?) -> any ImageDataset {
        guard let own else {
            preconditionFailure("rank \(group.rank) reads nothing, and is served by nobody")
        }
        return own
    }
}
