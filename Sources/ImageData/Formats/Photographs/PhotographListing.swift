/// Which photographs a folder or a list names, of which classes they are, and what was left out; none of them is
/// opened yet.
struct PhotographListing: Sendable {
    /// A photograph.
    struct Entry: Sendable, Hashable {
        /// Its path below `root`, or from the root of the file system.
        let path: String
        /// Its class.
        let label: Int
        /// What must stay together when samples are divided: a patient, a scene.
        var group: String?
    }

    /// The folder that relative paths begin in.
    let root: String
    /// The photographs in their order.
    let entries: [Entry]
    /// A name for each class.
    let classNames: [String]
    /// Whether the names stand in the data, or are numbers in decimal.
    let hasNamedClasses: Bool
    /// What was left out, a line each.
    let notes: [String]

    /// Where a photograph lies.
    func location(_ entry: Entry) -> String {
        entry.path.hasPrefix("/") ? entry.path : root + "/" + entry.path
    }
}
