internal import Hosts
internal import ModelFiles
public import Regularizers
internal import Tensors

extension Relationship {
    /// `relationship.svg`: the matrix as a heat map, one file that any browser shows.
    ///
    /// A row a target class, a column a source class. Columns are ordered by the target class to which they
    /// belong most, and within one by how much, so that what the classes share stands beside the diagonal.
    /// The shade grows with the square root of the probability; the legend says how. Up to 200 source classes,
    /// columns carry their number and cells say theirs, and its name where it has one, under the pointer.
    public func picture() -> String {
        let elements = probabilities.elements
        let columns = columnOrder(elements)
        let largest = max(elements.max() ?? 0, .leastNormalMagnitude)
        let plan = PicturePlan(
            rowCount: classCount, columnCount: sourceClassCount,
            longestName: classNames.map { min($0.count, Self.nameLimit) }.max() ?? 0)
        var parts = opening(plan)
        parts += labels(plan, columns)
        parts.append("<g class=\"cells\">")
        for (row, name) in classNames.enumerated() {
            parts.append("<g transform=\"translate(\(plan.left),\(plan.top + row * plan.cellHeight))\">")
            for (place, column) in columns.enumerated() {
                let value = elements[row * sourceClassCount + column]
                let shade = SequentialColor.hexadecimal((value / largest).squareRoot())
                let cell =
                    "<rect x=\"\(place * plan.cellWidth)\" width=\"\(plan.cellWidth)\" "
                    + "height=\"\(plan.cellHeight)\" fill=\"\(shade)\""
                parts.append(
                    plan.isDetailed
                        ? "\(cell)><title>\(MarkupText.escaped("\(name), \(sourceClassWords(column))")): "
                            + "\(MarkupText.percent(value))</title></rect>"
                        : cell + "/>")
            }
            parts.append("</g>")
        }
        parts.append("</g>")
        parts += legend(plan, largest)
        parts.append("</svg>")
        return parts.joined(separator: "\n") + "\n"
    }

    private func sourceClassWords(_ column: Int) -> String {
        let name = sourceClassNames?[column].printable(atMost: Self.nameLimit, keepsLines: false)
        return "source class \(column)" + (name.map { " (\($0))" } ?? "")
    }

    /// Writes `relationship.svg` beside the file of the relationship: `NAME.svg`. On rank 0; in a job, inside
    /// `coordinate`.
    ///
    /// - Parameters:
    ///   - path: The file of the relationship, `NAME.safetensors`.
    ///   - isNamedByUser: Whether links, devices and pipes of this name are written into and not replaced.
    /// - Throws: `RelationshipError.notWritten`, exit code 74.
    public func writePicture(beside path: String, isNamedByUser: Bool = false) throws(RelationshipError) {
        let picturePath = Self.path(beside: path, extension: "svg")
        let bytes = Array(picture().utf8)
        do {
            if isNamedByUser {
                try OutputFile.write(bytes, named: picturePath)
            } else {
                try OutputFile.replace(picturePath, with: bytes)
            }
        } catch {
            throw .notWritten(path: picturePath, reason: error.detail)
        }
    }

    /// Longer class names are cut; the whole name stands under the pointer.
    private static let nameLimit = 32

    /// Source classes, ordered by the first target class where they are most probable, then by how probable.
    private func columnOrder(_ elements: [Float]) -> [Int] {
        let homes = (0..<sourceClassCount).map { column in
            (0..<classCount).reduce(0) { best, row in
                elements[row * sourceClassCount + column] > elements[best * sourceClassCount + column]
                    ? row : best
            }
        }
        func key(_ column: Int) -> (Int, Float, Int) {
            (homes[column], -elements[homes[column] * sourceClassCount + column], column)
        }
        return (0..<sourceClassCount).sorted { key($0) < key($1) }
    }

    private func opening(_ plan: PicturePlan) -> [String] {
        let title = "p(source class | target class), \(method.rawValue)"
        return [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(plan.width) \(plan.height)\" "
                + "width=\"\(plan.width)\" height=\"\(plan.height)\" font-family=\"sans-serif\" "
                + "font-size=\"12\" fill=\"#222\">",
            "<title>\(MarkupText.escaped(title))</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
            "<text x=\"12\" y=\"24\" font-size=\"16\">\(MarkupText.escaped(title))</text>",
            "<text x=\"12\" y=\"42\" fill=\"#666\">\(classCount) target classes, \(sourceClassCount) source "
                + "classes, ordered by the target class they belong to most</text>",
        ]
    }

    private func labels(_ plan: PicturePlan, _ columns: [Int]) -> [String] {
        var parts = ["<g class=\"rows\" text-anchor=\"end\">"]
        for (row, name) in classNames.enumerated() {
            let y = plan.top + row * plan.cellHeight + plan.cellHeight / 2 + 4
            let shown = name.count > Self.nameLimit ? name.prefix(Self.nameLimit - 1) + "…" : name[...]
            parts.append(
                "<text x=\"\(plan.left - 6)\" y=\"\(y)\">\(MarkupText.escaped(String(shown)))"
                    + "<title>\(MarkupText.escaped(name))</title></text>")
        }
        parts.append("</g>")
        guard plan.isDetailed else { return parts }
        parts.append("<g class=\"columns\" font-size=\"10\" fill=\"#666\">")
        for (place, column) in columns.enumerated() {
            let x = plan.left + place * plan.cellWidth + plan.cellWidth / 2 + 4
            parts.append("<text transform=\"translate(\(x),\(plan.top - 5)) rotate(-90)\">\(column)</text>")
        }
        parts.append("</g>")
        return parts
    }

    /// A bar of the shades from 0 to the largest probability, with what three of them stand for.
    private func legend(_ plan: PicturePlan, _ largest: Float) -> [String] {
        let (steps, stepWidth) = (50, 4)
        var parts = ["<g class=\"legend\" transform=\"translate(\(plan.left),\(plan.bottom + 16))\">"]
        for step in 0..<steps {
            let shade = SequentialColor.hexadecimal(Float(step) / Float(steps - 1))
            parts.append(
                "<rect x=\"\(step * stepWidth)\" width=\"\(stepWidth)\" height=\"12\" fill=\"\(shade)\"/>")
        }
        for part in [Float(0), 0.5, 1] {
            let x = Int(part * Float(steps * stepWidth))
            parts.append(
                "<text x=\"\(x)\" y=\"26\" text-anchor=\"middle\" font-size=\"10\">"
                    + "\(MarkupText.percent(part * part * largest))</text>")
        }
        parts.append(
            "<text x=\"\(steps * stepWidth + 24)\" y=\"10\" font-size=\"10\" fill=\"#666\">probability</text>"
        )
        parts.append("</g>")
        return parts
    }
}

/// Where the parts of the picture stand, in pixels.
private struct PicturePlan {
    /// Whether columns are labelled and cells say their number.
    let isDetailed: Bool
    let cellWidth: Int
    let cellHeight = 16
    let left: Int
    let top: Int
    let bottom: Int
    let width: Int
    let height: Int

    init(rowCount: Int, columnCount: Int, longestName: Int) {
        isDetailed = columnCount <= 200
        cellWidth = isDetailed ? 16 : max(1, 3200 / columnCount)
        left = 24 + 8 * longestName
        top = isDetailed ? 88 : 60
        bottom = top + rowCount * cellHeight
        // Room for the title and the legend, however few columns there are.
        width = max(left + columnCount * cellWidth + 24, left + 300, 560)
        height = bottom + 56
    }
}
