/// Reads a pickle without calling anything that it names.
///
/// A pickle is a program for a stack machine that may call any function of Python. This machine builds numbers, texts,
/// bytes, lists, tuples, sets, dictionaries and PyTorch's tensors (`PickleCallables`) and nothing else: what any other
/// class or function would make becomes an opaque value that remembers the name. All operations of the protocols 0
/// to 5 are known but for the registry of extensions and buffers outside the file, which no file can use.
///
/// Source: `Lib/pickletools.py` of CPython 3.13, which describes every operation.
struct Unpickler {
    var input: PickleInput
    var values: [PickleValue] = []
    var stack: [PickleReference] = []
    /// Heights of the stack at which marks lie.
    var marks: [Int] = []
    var memo: [UInt64: PickleReference] = [:]
    var storages: [String: StorageReference] = [:]
    var opaqueNames: [String] = []
    var knownOpaqueNames: Set<String> = []
    var tensorCount = 0
    var copyCount = 0
    var globals: [String: PickleReference] = [:]

    private init(_ bytes: [UInt8], from position: Int) { input = PickleInput(bytes, from: position) }

    /// Reads the pickle that begins at a byte.
    ///
    /// - Throws: `WeightFileFailure` where it is damaged or beyond `PickleLimits`.
    static func read(_ bytes: [UInt8], from position: Int = 0) throws(WeightFileFailure) -> Pickle {
        var machine = Unpickler(bytes, from: position)
        // Of the operations, only this one ends the program.
        while true {
            let code = try machine.input.byte()
            if code == UInt8(ascii: ".") { break }
            guard let operation = PickleOperation(rawValue: code) else {
                throw machine.input.damaged("there is no operation \(code)")
            }
            try machine.run(operation)
        }
        let root = try machine.pop()
        return Pickle(
            values: machine.values, root: root, storages: machine.storages,
            opaqueNames: machine.opaqueNames, end: machine.input.position)
    }

    private mutating func run(_ operation: PickleOperation) throws(WeightFileFailure) {
        switch operation {
        case .mark:
            try require(marks.count < PickleLimits.values, "marks")
            marks.append(stack.count)
        case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .duplicate: try push(try top())
        case .get, .binaryGet, .longBinaryGet: try recall(operation)
        case .put, .binaryPut, .longBinaryPut, .memoize: try remember(operation)
        case .reduce, .build, .new, .newWithKeywords, .instance, .object, .global, .stackGlobal:
            try runCall(operation)
        case .persistentText:
            _ = try input.line()
            throw input.damaged("it refers to storages by text, which PyTorch does not write")
        case .persistent: try pushStorage()
        case .emptyList, .emptyTuple, .emptyDictionary, .emptySet, .list, .tuple, .dictionary, .frozenSet,
            .tuple1, .tuple2, .tuple3, .append, .appends, .addItems, .setItem, .setItems:
            try runCollection(operation)
        case .protocolVersion:
            let version = try input.byte()
            guard version <= 5 else { throw input.damaged("it is of protocol \(version), known are 0 to 5") }
        case .frame: _ = try input.unsigned(8)
        case .extension1, .extension2, .extension4, .nextBuffer, .readOnlyBuffer:
            throw input.damaged("it needs what only the program that wrote it has")
        default: try add(try literal(operation))
        }
    }

    // MARK: Stack and memo

    func require(_ isWithin: Bool, _ what: String) throws(WeightFileFailure) {
        guard isWithin else {
            throw WeightFileFailure(
                .unsupported, "its pickle has more \(what) than any file of weights; it is refused")
        }
    }

    /// A new value.
    mutating func make(_ value: PickleValue) throws(WeightFileFailure) -> PickleReference {
        try require(values.count < PickleLimits.values, "values")
        values.append(value)
        return PickleReference(index: Int32(values.count - 1))
    }

    /// Pushes a new value.
    mutating func add(_ value: PickleValue) throws(WeightFileFailure) { try push(try make(value)) }

    mutating func push(_ reference: PickleReference) throws(WeightFileFailure) {
        try require(stack.count < PickleLimits.values, "values on its stack")
        stack.append(reference)
    }

    /// The topmost value above the last mark.
    func top() throws(WeightFileFailure) -> PickleReference {
        guard stack.count > marks.last ?? 0, let top = stack.last else {
            throw input.damaged("its stack is empty")
        }
        return top
    }

    mutating func pop() throws(WeightFileFailure) -> PickleReference {
        let reference = try top()
        stack.removeLast()
        return reference
    }

    /// What lies above the last mark, which is removed too.
    mutating func popToMark() throws(WeightFileFailure) -> [PickleReference] {
        guard let height = marks.popLast() else { throw input.damaged("a mark is missing") }
        let items = Array(stack[height...])
        stack.removeSubrange(height...)
        return items
    }

    subscript(_ reference: PickleReference) -> PickleValue { values[Int(reference.index)] }

    private mutating func recall(_ operation: PickleOperation) throws(WeightFileFailure) {
        let key: UInt64
        switch operation {
        case .binaryGet: key = try input.unsigned(1)
        case .longBinaryGet: key = try input.unsigned(4)
        default: key = try memoKey()
        }
        guard let reference = memo[key] else { throw input.damaged("nothing is remembered as \(key)") }
        try push(reference)
    }

    private mutating func remember(_ operation: PickleOperation) throws(WeightFileFailure) {
        let key: UInt64
        switch operation {
        case .binaryPut: key = try input.unsigned(1)
        case .longBinaryPut: key = try input.unsigned(4)
        case .memoize: key = UInt64(memo.count)
        default: key = try memoKey()
        }
        try require(memo.count < PickleLimits.values, "values in its memo")
        memo[key] = try top()
    }

    private mutating func memoKey() throws(WeightFileFailure) -> UInt64 {
        let line = try input.line()
        guard let key = UInt64(line) else {
            throw input.damaged("'\(line.excerpt)' is not a place in its memo")
        }
        return key
    }
}
