/// Some of many things at equal distances: the first, the last and those between; all where there are few enough.
package struct EvenSelection: Sendable {
    /// How many there are.
    package let count: Int
    private let limit: Int

    /// A selection of at most `limit` things, 2 or more, of `count`.
    package init(of count: Int, atMost limit: Int) {
        precondition(count >= 0 && limit >= 2, "a selection of \(limit) of \(count)")
        (self.count, self.limit) = (count, limit)
    }

    /// Those that are selected, ascending.
    package var positions: [Int] {
        count <= limit ? Array(0..<count) : (0..<limit).map(position)
    }

    /// Whether one is selected.
    package func contains(_ place: Int) -> Bool {
        guard count > limit else { return (0..<count).contains(place) }
        // The first number whose position is not before it.
        let number = (place * (limit - 1) + count - 2) / (count - 1)
        return (0..<limit).contains(number) && position(number) == place
    }

    private func position(_ number: Int) -> Int { number * (count - 1) / (limit - 1) }
}
