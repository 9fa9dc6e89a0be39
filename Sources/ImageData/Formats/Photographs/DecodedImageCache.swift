internal import Synchronization

/// Decoded images that are kept in memory up to a limit: those that came first, for a pass over the data meets each
/// image once, and whichever is thrown away would be as likely the next.
package final class DecodedImageCache: Sendable {
    private struct State {
        var images: [Int: PixelImage] = [:]
        var bytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: Bytes of pixels, at most.
    package init(limit: Int) { self.limit = limit }

    /// The image of a sample, if it is kept.
    package func image(_ index: Int) -> PixelImage? { state.withLock { $0.images[index] } }

    /// Keeps an image where there is room.
    package func keep(_ image: PixelImage, for index: Int) {
        let bytes = image.pixels.count
        state.withLock { state in
            guard state.bytes + bytes <= limit, state.images[index] == nil else { return }
            state.images[index] = image
            state.bytes += bytes
        }
    }
}
