/// The pictures of a page. Each is embedded once, however often it is shown.
final class PictureStore {
    private let limit: Int
    private var counts: [Int: Int] = [:]
    private var definitions: [(id: String, markup: Markup)] = []

    /// The side of the square in which a picture is shown.
    static let side = 96.0

    /// - Parameter limit: Pictures of a run.
    init(limit: Int) { self.limit = limit }

    /// A picture, or a box that says that there is none.
    ///
    /// - Parameters:
    ///   - index: Its place in the record.
    ///   - run: Its run, and the number of it in the page.
    ///   - title: What is said of it.
    ///   - overlay: What is drawn over it, given where it stands.
    func picture(
        _ index: Int, of run: RecordedRun, number: Int, title: String,
        overlay: (_ left: Double, _ top: Double, _ width: Double, _ height: Double) -> Markup = {
            _, _, _, _ in
            .nothing
        }
    ) -> Markup {
        guard run.thumbnails.indices.contains(index), let thumbnail = run.thumbnails[index],
            let id = id(index, thumbnail, number)
        else { return .element("span", ["class": "none"], "no picture") }
        let (left, top, width, height) = Self.place(of: thumbnail)
        return .element(
            "svg", ["viewBox": "0 0 96 96", "role": "img"], .element("title", [:], Markup(title)),
            .empty("use", ["href": "#\(id)"]), overlay(left, top, width, height))
    }

    /// Where a picture stands in its square.
    private static func place(
        of thumbnail: Thumbnail
    ) -> (left: Double, top: Double, width: Double, height: Double) {
        let scale = side / Double(max(thumbnail.width, thumbnail.height))
        let (width, height) = (Double(thumbnail.width) * scale, Double(thumbnail.height) * scale)
        return ((side - width) / 2, (side - height) / 2, width, height)
    }

    private func id(_ index: Int, _ thumbnail: Thumbnail, _ number: Int) -> String? {
        let id = "p\(number)-\(index)"
        if definitions.contains(where: { $0.id == id }) { return id }
        guard counts[number, default: 0] < limit else { return nil }
        counts[number, default: 0] += 1
        let (left, top, width, height) = Self.place(of: thumbnail)
        // Pixels of the smallest are seen rather than blurred.
        let rendering = max(thumbnail.width, thumbnail.height) <= 48 ? "pixelated" : "auto"
        let image = Markup.empty(
            "image",
            [
                "id": id, "x": NumberText.coordinate(left), "y": NumberText.coordinate(top),
                "width": NumberText.coordinate(width), "height": NumberText.coordinate(height),
                "image-rendering": rendering, "preserveAspectRatio": "none",
                "href": "data:image/jpeg;base64,\(thumbnail.base64)",
            ])
        definitions.append((id, image))
        return id
    }

    /// What the pictures of the page refer to.
    var markup: Markup {
        definitions.isEmpty
            ? .nothing
            : .element(
                "svg", ["class": "store", "aria-hidden": "true", "focusable": "false"],
                .element("defs", content: definitions.map { $0.markup }))
    }
}
