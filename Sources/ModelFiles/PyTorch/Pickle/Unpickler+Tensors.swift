extension Unpickler {
    /// A storage from `('storage', class, key, location, count)`, in old files followed by `None` or
    /// `(key, first, count)` of the part that a storage is of it.
    mutating func pushStorage() throws(WeightFileFailure) {
        let identifier = try pop()
        guard case .tuple(let parts) = self[identifier], parts.count >= 5, parts.count <= 6,
            case .text("storage") = self[parts[0]], let key = storageKey(parts[2]),
            case .integer(let count) = self[parts[4]], count >= 0
        else {
            // Old files refer so to the source of a class: nobody needs it.
            if case .tuple(let parts) = self[identifier], let first = parts.first,
                case .text("module") = self[first], parts.count >= 2
            {
                return try push(parts[1])
            }
            throw input.damaged("a reference to a storage is none")
        }
        guard case .global(let name) = self[parts[1]] else {
            throw input.damaged("the class of a storage is none")
        }
        let isOfBytes = name == "torch.storage.UntypedStorage" || name == "torch.UntypedStorage"
        let type = SafetensorsElementType(storageClass: name)
        guard type != nil || isOfBytes else { return try add(.opaque(name)) }
        var storage = StorageReference(key: key, type: type, count: count, view: 0..<count)
        if let known = storages[key] {
            guard known == storage else {
                throw input.damaged("storage '\(key.excerpt)' has two sizes or element types")
            }
        } else {
            storages[key] = storage
        }
        if parts.count == 6, case .tuple(let view) = self[parts[5]] {
            guard view.count == 3, case .integer(let first) = self[view[1]],
                case .integer(let viewCount) = self[view[2]], first >= 0, viewCount >= 0, first <= count,
                viewCount <= count - first
            else { throw input.damaged("a part of storage '\(key.excerpt)' lies outside of it") }
            storage.view = first..<first + viewCount
        }
        try add(.storage(storage))
    }

    /// Keys are texts; some old files have numbers.
    private func storageKey(_ reference: PickleReference) -> String? {
        switch self[reference] {
        case .text(let text): text
        case .integer(let number): String(number)
        default: nil
        }
    }

    /// A tensor from `(storage, offset, sizes, strides, …)`.
    mutating func tensor(
        _ arguments: [PickleReference], _ dtypePlace: Int?, _ name: String
    ) throws(WeightFileFailure) -> PickleReference {
        guard arguments.count >= 4 else { throw input.damaged("a tensor lacks arguments") }
        // Elements of a kind that no network has: complex or quantized numbers.
        if case .opaque(let storageClass) = self[arguments[0]] { return try make(.opaque(storageClass)) }
        guard case .storage(let storage) = self[arguments[0]], case .integer(let offset) = self[arguments[1]],
            let sizes = integers(arguments[2]), let strides = integers(arguments[3])
        else { throw input.damaged("a tensor's storage, offset, sizes or strides are none") }
        var type = storage.type
        if let dtypePlace, dtypePlace < arguments.count, case .global(let dtype) = self[arguments[dtypePlace]]
        {
            guard let named = SafetensorsElementType(dtype: dtype) else { return try make(.opaque(dtype)) }
            guard type == nil || type == named else {
                throw input.damaged("a tensor and its storage are of different element types")
            }
            type = named
        }
        guard let type else { throw input.damaged("a tensor does not say of which type its elements are") }
        let elements = storage.type == nil ? storage.view.count / type.byteCount : storage.view.count
        let first = storage.type == nil ? 0 : storage.view.lowerBound
        guard storage.type != nil || storage.view.lowerBound == 0, offset <= elements,
            let layout = StridedLayout(offset: offset, sizes: sizes, strides: strides, within: elements),
            let placed = StridedLayout(
                offset: first + offset, sizes: sizes, strides: strides, within: first + elements)
        else {
            throw input.damaged(
                "a tensor of sizes \("\(sizes)".excerpt), strides \("\(strides)".excerpt) and offset \(offset) does not lie within its storage of \(elements) elements"
            )
        }
        // Few tensors repeat elements by strides of 0, and these are small.
        guard layout.count <= max(elements, Self.largestRepetition) else {
            throw input.damaged("a tensor of sizes \("\(sizes)".excerpt) repeats \(elements) elements")
        }
        tensorCount += 1
        try require(tensorCount <= PickleLimits.tensors, "tensors")
        return try make(.tensor(StoredTensor(storage: storage, type: type, layout: placed)))
    }

    private static let largestRepetition = 1 << 20

    /// A tuple or list of few integers.
    private func integers(_ reference: PickleReference) -> [Int]? {
        switch self[reference] {
        case .tuple(let items), .list(let items):
            guard items.count <= 64 else { return nil }
            var numbers: [Int] = []
            for item in items {
                guard case .integer(let number) = self[item] else { return nil }
                numbers.append(number)
            }
            return numbers
        default: return nil
        }
    }
}
