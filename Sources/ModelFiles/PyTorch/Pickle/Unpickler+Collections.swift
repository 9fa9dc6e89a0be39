extension Unpickler {
    /// Makes a list, tuple, set or dictionary, or adds to one.
    mutating func runCollection(_ operation: PickleOperation) throws(WeightFileFailure) {
        switch operation {
        case .emptyList: try add(.list([]))
        case .emptyTuple: try add(.tuple([]))
        case .emptyDictionary: try add(.dictionary([]))
        case .emptySet: try add(.set([]))
        case .list: try add(.list(try popToMark()))
        case .tuple: try add(.tuple(try popToMark()))
        case .dictionary: try add(.dictionary(try entries(try popToMark())))
        case .frozenSet: try add(.set(try popToMark()))
        case .tuple1: try addTuple(1)
        case .tuple2: try addTuple(2)
        case .tuple3: try addTuple(3)
        case .append: try extend(with: [try pop()])
        case .appends, .addItems: try extend(with: try popToMark())
        case .setItem:
            let value = try pop()
            try extend(with: [PickleEntry(key: try pop(), value: value)])
        case .setItems: try extend(with: try entries(try popToMark()))
        default: throw input.damaged("an operation is out of place")
        }
    }

    private mutating func addTuple(_ count: Int) throws(WeightFileFailure) {
        var items: [PickleReference] = []
        for _ in 0..<count { items.append(try pop()) }
        try add(.tuple(items.reversed()))
    }

    private func entries(_ items: [PickleReference]) throws(WeightFileFailure) -> [PickleEntry] {
        guard items.count.isMultiple(of: 2) else { throw input.damaged("a key has no value") }
        return stride(from: 0, to: items.count, by: 2).map {
            PickleEntry(key: items[$0], value: items[$0 + 1])
        }
    }

    /// Adds to the topmost list or set. What an opaque value would do with items, nobody knows: they are dropped.
    private mutating func extend(with items: [PickleReference]) throws(WeightFileFailure) {
        let place = Int(try top().index)
        // The value gives its array away for the time being, so that it grows in place.
        switch values[place] {
        case .list(var list):
            values[place] = .none
            list.append(contentsOf: items)
            values[place] = .list(list)
        case .set(var set):
            values[place] = .none
            set.append(contentsOf: items)
            values[place] = .set(set)
        case .opaque: break
        default: throw input.damaged("items are added to something that is not a list")
        }
    }

    /// Adds to the topmost dictionary.
    private mutating func extend(with entries: [PickleEntry]) throws(WeightFileFailure) {
        let place = Int(try top().index)
        switch values[place] {
        case .dictionary(var dictionary):
            values[place] = .none
            dictionary.append(contentsOf: entries)
            values[place] = .dictionary(dictionary)
        case .opaque: break
        default: throw input.damaged("entries are added to something that is not a dictionary")
        }
    }
}
