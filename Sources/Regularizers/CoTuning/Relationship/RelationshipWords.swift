extension Relationship {
    /// The relationship in words, a line for each target class: `class coat looks like pullover 81 %, …`.
    ///
    /// Source classes without names are called by their numbers.
    ///
    /// - Parameter count: Source classes named for each.
    public func words(count: Int) -> [String] {
        nearestSourceClasses(count: count).map { target, sources in
            let named = sources.map { source in
                let name = sourceClassNames.map { $0[source.index] } ?? "source class \(source.index)"
                return "\(name) \(Int((source.probability * 100).rounded())) %"
            }
            return "class \(target) looks like \(named.joined(separator: ", "))"
        }
    }
}
