package import Tensors

/// A data set as another process of the same program can be sent it: what was listed and examined is not looked for
/// again, and what is held in memory is not read again. Photographs themselves stay where they are.
package struct PackedDataset {
    /// Everything but pixels.
    package let description: [UInt8]
    /// Pixels of 8 bits; empty where there are none.
    package let pixels: [UInt8]
    /// Prepared images; empty where there are none.
    package let tensors: [Tensor]

    /// What was sent.
    package init(description: [UInt8], pixels: [UInt8], tensors: [Tensor]) {
        (self.description, self.pixels, self.tensors) = (description, pixels, tensors)
    }

    /// A data set that `DatasetFile` opened, or photographs or tensors without labels.
    ///
    /// Copies no pixels.
    package init(_ dataset: any ImageDataset) {
        var bytes = PackedBytes()
        switch dataset {
        case let photographs as PhotographDataset:
            bytes.add(Kind.photographs.rawValue)
            photographs.pack(into: &bytes)
            (pixels, tensors) = ([], [])
        case let images as IDXDataset:
            bytes.add(Kind.idx.rawValue)
            pixels = images.pack(into: &bytes)
            tensors = []
        case let images as TensorDataset:
            bytes.add(Kind.tensors.rawValue)
            tensors = images.pack(into: &bytes)
            pixels = []
        default: preconditionFailure("a data set of the unknown type \(type(of: dataset))")
        }
        description = bytes.bytes
    }

    /// The data set.
    ///
    /// - Parameter options: How photographs are read; the same as where it was opened.
    package func unpacked(_ options: DatasetOptions) -> any ImageDataset {
        var bytes = PackedBytesReader(description)
        guard let kind = Kind(rawValue: bytes.number()) else { preconditionFailure("no packed data set") }
        return switch kind {
        case .photographs: PhotographDataset(unpacking: &bytes, options)
        case .idx: IDXDataset(unpacking: &bytes, pixels: pixels)
        case .tensors: TensorDataset(unpacking: &bytes, tensors: tensors)
        }
    }

    private enum Kind: Int {
        case photographs
        case idx
        case tensors
    }
}
