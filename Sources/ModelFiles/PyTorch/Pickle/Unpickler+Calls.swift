extension Unpickler {
    /// Handles what asks for a class, a function or a call.
    mutating func runCall(_ operation: PickleOperation) throws(WeightFileFailure) {
        switch operation {
        case .global:
            let module = try input.line()
            try pushGlobal(module, try input.line())
        case .stackGlobal:
            let (name, module) = (try pop(), try pop())
            guard case .text(let name) = self[name], case .text(let module) = self[module] else {
                throw input.damaged("the name of a class is not text")
            }
            try pushGlobal(module, name)
        case .reduce, .new:
            let arguments = try pop()
            try push(try called(try pop(), with: arguments, depth: 0))
        case .newWithKeywords:
            _ = try pop()
            let arguments = try pop()
            try push(try called(try pop(), with: arguments, depth: 0))
        case .instance:
            let module = try input.line()
            try addOpaque(try globalName(module, try input.line()))
            let made = try pop()
            _ = try popToMark()
            try push(made)
        case .object:
            guard let callee = try popToMark().first else { throw input.damaged("a class is missing") }
            try addOpaque(name(of: callee))
        case .build:
            // The state of an object that is not made, or attributes beside the entries of a dictionary.
            _ = try pop()
            _ = try top()
        default: throw input.damaged("an operation is out of place")
        }
    }

    private func globalName(_ module: String, _ name: String) throws(WeightFileFailure) -> String {
        guard module.utf8.count + name.utf8.count <= PickleLimits.nameBytes else {
            throw input.damaged("the name of a class has more than \(PickleLimits.nameBytes) bytes")
        }
        return "\(module).\(name)"
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws(WeightFileFailure) {
        let name = try globalName(module, name)
        if let known = globals[name] { return try push(known) }
        try require(globals.count < PickleLimits.globals, "classes")
        let reference = try make(.global(name))
        globals[name] = reference
        try push(reference)
    }

    /// The name of a class, of a function, or of what made an opaque value.
    private func name(of callee: PickleReference) -> String {
        switch self[callee] {
        case .global(let name), .opaque(let name): name
        default: "an object"
        }
    }

    private mutating func addOpaque(_ name: String) throws(WeightFileFailure) { try push(try opaque(name)) }

    private mutating func opaque(_ name: String) throws(WeightFileFailure) -> PickleReference {
        if opaqueNames.count < PickleLimits.globals, knownOpaqueNames.insert(name).inserted {
            opaqueNames.append(name)
        }
        return try make(.opaque(name))
    }

    /// What calling something with arguments would make, where that is known without a call; an opaque value
    /// otherwise.
    private mutating func called(
        _ callee: PickleReference, with arguments: PickleReference, depth: Int
    ) throws(WeightFileFailure) -> PickleReference {
        let name = name(of: callee)
        guard case .global = self[callee], let callable = PickleCallable(name),
            case .tuple(let arguments) = self[arguments]
        else { return try opaque(name) }
        switch callable {
        case .orderedDictionary:
            guard let entries = try pairs(arguments) else { return try opaque(name) }
            return try make(.dictionary(entries))
        case .defaultDictionary: return try make(.dictionary([]))
        case .set: return try collection(arguments, name) { .set($0) }
        case .list: return try collection(arguments, name) { .list($0) }
        case .tuple: return try collection(arguments, name) { .tuple($0) }
        case .encode:
            guard let first = arguments.first, case .text(let text) = self[first] else {
                return try opaque(name)
            }
            try copy(text.utf8.count)
            guard text.unicodeScalars.allSatisfy({ $0.value < 256 }) else { return try opaque(name) }
            return try make(.bytes(text.unicodeScalars.map { UInt8($0.value) }))
        case .tensor(let dtypePlace): return try tensor(arguments, dtypePlace, name)
        case .parameter:
            guard let first = arguments.first, case .tensor = self[first] else { return try opaque(name) }
            return first
        case .tensorOfType:
            // Nested ones would be a tensor of a type of a type.
            guard arguments.count >= 3, depth < 2 else { return try opaque(name) }
            return try called(arguments[0], with: arguments[2], depth: depth + 1)
        case .reconstructor:
            return try opaque(arguments.first.map { self.name(of: $0) } ?? name)
        }
    }

    /// Counts elements that are copied, so that a few bytes cannot ask for many copies of a long list.
    private mutating func copy(_ count: Int) throws(WeightFileFailure) {
        copyCount += count
        try require(copyCount <= PickleLimits.copies, "copies of lists")
    }

    /// The items of the first argument, if there is one.
    private mutating func collection(
        _ arguments: [PickleReference], _ name: String, _ wrap: ([PickleReference]) -> PickleValue
    ) throws(WeightFileFailure) -> PickleReference {
        guard let items = arguments.first else { return try make(wrap([])) }
        switch self[items] {
        case .list(let items), .tuple(let items), .set(let items):
            try copy(items.count)
            return try make(wrap(items))
        default: return try opaque(name)
        }
    }

    /// Entries from a list of pairs, if there is an argument; nil where it is something else.
    private mutating func pairs(_ arguments: [PickleReference]) throws(WeightFileFailure) -> [PickleEntry]? {
        guard let first = arguments.first else { return [] }
        guard case .list(let items) = self[first] else { return nil }
        try copy(items.count)
        var entries: [PickleEntry] = []
        for item in items {
            switch self[item] {
            case .list(let pair), .tuple(let pair):
                guard pair.count == 2 else { return nil }
                entries.append(PickleEntry(key: pair[0], value: pair[1]))
            default: return nil
            }
        }
        return entries
    }
}
