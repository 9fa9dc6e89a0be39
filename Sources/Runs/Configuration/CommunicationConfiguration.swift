package import ProcessGroups
package import Training

/// The section `communication`: how gradients travel between ranks. Only `wire-format` touches the result.
package struct CommunicationConfiguration: Sendable, Equatable {
    /// How sums go on beside the backward pass.
    package enum Overlap: String, Sendable, CaseIterable {
        /// Each way is tried in the first steps, and the fastest taken.
        case auto
        case none, polling, thread
    }

    /// How sums go on beside the backward pass, key `overlap`. Default `auto`.
    package var overlap: Overlap
    /// How numbers travel, key `wire-format`: `float32`, the default, or `bfloat16`, which halves the bytes and
    /// makes the result depend on the number of ranks.
    package var wireFormat: WireFormat
    /// Bytes that are summed at a time, key `bucket-bytes`; at least 4096, or null (nil): by the number of ranks.
    package var bucketBytes: Int?

    /// Reads the section.
    package init(reading reader: inout SectionReader) throws {
        overlap = try reader.value("overlap", .choice, default: .auto)
        wireFormat = try reader.value("wire-format", .choice, default: .float32)
        bucketBytes = try reader.optional("bucket-bytes", .integer(.atLeast(4096)))
    }

    /// The keys and values of the section.
    package var entries: [YAMLEntry] {
        [
            YAMLEntry("overlap", .text(overlap.rawValue)),
            YAMLEntry("wire-format", .text(wireFormat.rawValue)),
            YAMLEntry("bucket-bytes", .optionalInteger(bucketBytes)),
        ]
    }

    /// What the section says, for the training step.
    package var settings: CommunicationSettings {
        CommunicationSettings(overlap: overlap.strategy, wireFormat: wireFormat, bucketBytes: bucketBytes)
    }
}

extension CommunicationConfiguration.Overlap {
    /// The way; nil: the fastest.
    package var strategy: OverlapStrategy? {
        switch self {
        case .auto: nil
        case .none: OverlapStrategy.none
        case .polling: .polling
        case .thread: .thread
        }
    }
}
