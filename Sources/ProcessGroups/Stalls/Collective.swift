/// What ranks do together and wait for one another in, by a name that stands in the reports of stalls.
///
/// The name is kept in place, so that noting it takes no memory and sending it no encoding.
package struct Collective: Sendable, Equatable, BitwiseCopyable {
    /// Bytes of a name; what is longer is cut off.
    static let capacity = 32

    /// Four words of eight bytes each, zeros after the name.
    private(set) var words: (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)

    /// A collective of the given name.
    package init(_ name: StaticString) {
        withUnsafeMutableBytes(of: &words) { bytes in
            name.withUTF8Buffer { bytes.copyBytes(from: $0.prefix(Self.capacity)) }
        }
    }

    /// A collective from the words of its name.
    init(words: (Int64, Int64, Int64, Int64)) { self.words = words }

    /// The name.
    package var name: String {
        withUnsafeBytes(of: words) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    package static func == (left: Collective, right: Collective) -> Bool { left.words == right.words }
}
