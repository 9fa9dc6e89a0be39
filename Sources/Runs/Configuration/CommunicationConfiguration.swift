package import ProcessGroups
internal import Training

/// The section `communication`: how gradients travel between ranks. Only `wire-format` touches the result by more
/// than rounding.
package struct CommunicationConfiguration: Sendable, Equatable {
    /// The overlap strategy: how the all-reduce of gradients overlaps with the backward pass.
    package enum Overlap: String, Sendable, CaseIterable {
        /// Each is tried in the first steps, and the fastest taken.
        case auto
        case none, polling, thread
    }

    /// The overlap strategy, key `overlap`. Default `auto`.
    var overlap: Overlap
    /// Between whom gradients travel, key `topology`: `auto`, the default, `flat` or `two-level`.
    var topology: AllReduceTopology
    /// How numbers travel, key `wire-format`: `float32`, the default, or `bfloat16`, which halves the bytes and
    /// makes the result depend on the number of ranks.
    var wireFormat: WireFormat
    /// Bytes of an all-reduce, key `bucket-bytes`; 4096 … 2³⁰, or null (nil): 256 KiB, more
    /// over many ranks, or in two levels over many hosts.
    var bucketBytes: Int?

    /// The section from its values.
    package init(
        overlap: Overlap = .auto, topology: AllReduceTopology = .auto, wireFormat: WireFormat = .float32,
        bucketBytes: Int? = nil
    ) {
        (self.overlap, self.topology) = (overlap, topology)
        (self.wireFormat, self.bucketBytes) = (wireFormat, bucketBytes)
    }

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        overlap = try reader.value("overlap", .choice, default: .auto)
        topology = try reader.value("topology", .choice, default: .auto)
        wireFormat = try reader.value("wire-format", .choice, default: .float32)
        bucketBytes = try reader.optional("bucket-bytes", .integer(.atLeast(4096, atMost: 1 << 30)))
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("overlap", .text(overlap.rawValue)),
            YAMLEntry("topology", .text(topology.rawValue)),
            YAMLEntry("wire-format", .text(wireFormat.rawValue)),
            YAMLEntry("bucket-bytes", .optionalInteger(bucketBytes)),
        ]
    }

    /// What the section says, for the training step.
    var settings: CommunicationSettings {
        CommunicationSettings(
            overlap: overlap.strategy, topology: topology, wireFormat: wireFormat, bucketBytes: bucketBytes)
    }
}

extension CommunicationConfiguration.Overlap {
    /// The strategy; nil: the fastest.
    var strategy: OverlapStrategy? {
        switch self {
        case .auto: nil
        case .none: OverlapStrategy.none
        case .polling: .polling
        case .thread: .thread
        }
    }
}
