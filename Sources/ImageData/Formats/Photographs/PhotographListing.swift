/// Which photographs a folder or a list names, of which classes they are, and what was left out; none of them is
/// opened yet.
package struct PhotographListing: Sendable {
    /// A photograph.
    package struct Entry: Sendable, Hashable {
        /// Its path below `root`, or from the root of the file system.
        package let path: String
        /// Its class.
        package let label: Int
        /// What must stay together when samples are divided: a patient, a scene.
        package var group: String?

        /// An entry from its parts.
        package init(path: String, label: Int, group: String? = nil) {
            (self.path, self.label, self.group) = (path, label, group)
        }
    }

    /// The folder that relative paths begin in.
    package let root: String
    /// The photographs in their order.
    package let entries: [Entry]
    /// A name for each class.
    package let classNames: [String]
    /// Whether the names stand in the data, or are numbers in decimal.
    package let hasNamedClasses: Bool
    /// What was left out, a line each.
    package let notes: [String]

    /// Where a photograph lies.
    package func location(_ entry: Entry) -> String {
        entry.path.hasPrefix("/") ? entry.path : root + "/" + entry.path
    }
}
