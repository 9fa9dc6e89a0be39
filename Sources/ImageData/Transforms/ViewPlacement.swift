/// Where in an image that part lies which a network sees of it, in units of the image's height and width: 0 is its top or
/// left edge, 1 its bottom or right one. A view that was padded reaches beyond them.
package struct ViewPlacement: Sendable, Equatable {
    /// The view's top edge.
    package let top: Double
    /// Its left edge.
    package let left: Double
    /// Its height.
    package let height: Double
    /// Its width.
    package let width: Double

    /// A place from its edges.
    package init(top: Double, left: Double, height: Double, width: Double) {
        (self.top, self.left, self.height, self.width) = (top, left, height, width)
    }

    /// All of an image.
    package static let whole = ViewPlacement(top: 0, left: 0, height: 1, width: 1)
}

extension ImagePipeline {
    /// Where what comes out of the transform lies in an image, for transforms that draw nothing: resizing and crops.
    /// Other steps count as ones that move nothing.
    ///
    /// - Parameter size: The image's.
    package func placement(in size: ImageSize) -> ViewPlacement {
        let key = AugmentationKey(seed: 0, pass: 0, sample: 0, view: .first)
        var (place, size) = (ViewPlacement.whole, size)
        for step in transform.steps {
            let after = step.outputSize(for: size) ?? size
            if let crop = step as? any RegionTransform {
                let region = crop.region(of: size, key: key)
                // What is missing of a smaller image lies around it.
                let top = region.top - (after.height - region.size.height) / 2
                let left = region.left - (after.width - region.size.width) / 2
                let (row, column) = (
                    place.height / Double(size.height), place.width / Double(size.width)
                )
                place = ViewPlacement(
                    top: place.top + Double(top) * row, left: place.left + Double(left) * column,
                    height: Double(after.height) * row, width: Double(after.width) * column)
            }
            size = after
        }
        return place
    }
}
