internal import ModelFiles

/// Which photographs a folder, a list or shards name, of which classes they are, and what was left out; none of them is
/// opened yet.
package struct PhotographListing: Sendable {
    /// A photograph.
    package struct Entry: Sendable, Hashable {
        /// Its path below `root`, or from the root of the file system; the name of a member of a shard.
        package let path: String
        /// Its class.
        package let label: Int
        /// What must stay together when samples are divided: a patient, a scene.
        package var group: String?
        /// Where it lies in which shard; nil where it is a file of its own.
        package var member: Member?

        /// An entry from its parts.
        package init(path: String, label: Int, group: String? = nil, member: Member? = nil) {
            (self.path, self.label, self.group, self.member) = (path, label, group, member)
        }
    }

    /// A part of a shard.
    package struct Member: Sendable, Hashable {
        /// Which shard.
        package let shard: Int
        /// Its first byte there.
        package let offset: Int
        /// How many bytes.
        package let byteCount: Int
    }

    /// A tar archive.
    package struct Shard: Sendable, Hashable {
        /// Its path.
        package let path: String
        /// How many bytes it had when it was listed.
        package let byteCount: Int
    }

    /// The folder that relative paths begin in; empty: the one that the program was started in.
    package let root: String
    /// The photographs in their order.
    package let entries: [Entry]
    /// A name for each class.
    package let classNames: [String]
    /// Whether the names stand in the data, or are numbers in decimal.
    package let hasNamedClasses: Bool
    /// What was left out, a line each.
    package let notes: [String]
    /// The archives, where entries are members of them.
    package var shards: [Shard] = []

    /// Where a photograph lies: its file, or its shard.
    package func location(_ entry: Entry) -> String {
        if let member = entry.member { return shards[member.shard].path }
        return Self.path(entry.path, in: root)
    }

    /// What a path in a list leads to.
    ///
    /// - Parameters:
    ///   - path: From the root of the file system, or from the folder of the list.
    ///   - folder: That folder; empty where the list was named without one and lies where the program was started.
    package static func path(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    }

    /// What messages call a photograph.
    func place(_ entry: Entry) -> String {
        guard let member = entry.member else { return location(entry) }
        return
            "\(location(entry)), member '\(entry.path.excerpt)' at byte \(member.offset - TarHeader.blockBytes)"
    }

    /// What a list of predictions calls a photograph.
    func identifier(_ entry: Entry) -> String {
        guard let member = entry.member else { return entry.path }
        return "\(shards[member.shard].path.split(separator: "/").last ?? "")/\(entry.path)"
    }
}
