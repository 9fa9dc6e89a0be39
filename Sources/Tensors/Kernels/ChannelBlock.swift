internal import Synchronization

/// How many channels of a feature map lie next to each other: 16 where the processor has AVX-512, else 8.
///
/// Hosts of a job may differ in it. Nothing that ranks exchange, and no file, may depend on it.
package enum ChannelBlock {
    /// 0: as wide as the processor's vectors.
    private static let forcedSize = Atomic(0)

    /// The size of the other kind of processor, for tests, which then show on one machine what two do together; nil:
    /// as wide as this processor's vectors. Implementations that are slow here are taken.
    package static var forced: Int? {
        get {
            let size = forcedSize.load(ordering: .relaxed)
            return size == 0 ? nil : size
        }
        set {
            precondition(newValue == nil || newValue == 8 || newValue == 16, "blocks of \(newValue ?? 0)")
            forcedSize.store(newValue ?? 0, ordering: .relaxed)
        }
    }
}
