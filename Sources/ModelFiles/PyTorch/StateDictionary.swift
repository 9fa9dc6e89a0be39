/// The dictionary of named tensors in a checkpoint, found where people keep it.
struct StateDictionary: Sendable {
    /// Keys that lead from the whole to the dictionary; empty where it is the whole.
    let keys: [String]
    let tensors: [String: StoredTensor]
    /// Other keys beside the last one that hold named tensors too.
    let alternatives: [String]
    /// Names in the dictionary whose values are no tensors.
    let otherNames: [String]

    /// Where weights are kept, those that a moving average smoothed before the others: they are what an author
    /// publishes the accuracy of.
    private static let knownKeys = [
        "model_ema", "state_dict_ema", "ema_state_dict", "model_ema_state_dict", "ema", "params_ema",
        "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params",
        "teacher", "student", "module", "backbone", "encoder",
    ]

    private static let deepest = 4

    /// Finds the weights of a pickle.
    ///
    /// - Throws: `WeightFileFailure` that says what the file holds instead.
    init(_ pickle: Pickle) throws(WeightFileFailure) {
        var visited: Set<PickleReference> = []
        guard let found = Self.find(in: pickle, at: pickle.root, keys: [], &visited) else {
            throw Self.nothing(in: pickle)
        }
        self = found
    }

    private static func find(
        in pickle: Pickle, at reference: PickleReference, keys: [String],
        _ visited: inout Set<PickleReference>
    ) -> StateDictionary? {
        guard keys.count <= deepest, visited.insert(reference).inserted,
            let entries = pickle.entries(reference)
        else { return nil }
        let values = Dictionary(entries.map { ($0.key, $0.value) }) { $1 }
        var found: StateDictionary?
        var others: [String] = []
        for key in knownKeys {
            guard let value = values[key],
                let below = find(in: pickle, at: value, keys: keys + [key], &visited)
            else { continue }
            if found == nil { found = below } else { others.append(key) }
        }
        let own = StateDictionary(pickle, values, keys)
        // A queue or a center beside the weights is no state dictionary.
        if let found, found.tensors.count >= own.tensors.count { return found.with(alternatives: others) }
        return own.tensors.isEmpty ? nil : own
    }

    private init(_ pickle: Pickle, _ values: [String: PickleReference], _ keys: [String]) {
        var tensors: [String: StoredTensor] = [:]
        var others: [String] = []
        for (name, value) in values {
            if case .tensor(let tensor) = pickle[value] {
                tensors[name] = tensor
            } else {
                others.append(name)
            }
        }
        self.init(keys: keys, tensors: tensors, alternatives: [], otherNames: others.sorted())
    }

    private init(
        keys: [String], tensors: [String: StoredTensor], alternatives: [String], otherNames: [String]
    ) {
        (self.keys, self.tensors, self.alternatives) = (keys, tensors, alternatives)
        self.otherNames = otherNames
    }

    private func with(alternatives others: [String]) -> StateDictionary {
        StateDictionary(
            keys: keys, tensors: tensors, alternatives: alternatives + others, otherNames: otherNames)
    }

    /// What is there, where no named tensors are.
    private static func nothing(in pickle: Pickle) -> WeightFileFailure {
        let advice =
            "nothing that a file names is called or imported: save model.state_dict() with torch.save instead"
        func content(_ found: String) -> WeightFileFailure { WeightFileFailure(.content, found) }
        switch pickle[pickle.root] {
        case .opaque(let name):
            return content(
                "holds no named tensors, but an object that only calling '\(name.excerpt)' would make; \(advice)"
            )
        case .tensor(let tensor):
            return content(
                "holds a single tensor of shape \(tensor.layout.sizes); expected a dictionary of named tensors"
            )
        case .dictionary:
            let entries = pickle.entries(pickle.root) ?? []
            let opaque = entries.lazy.compactMap { entry -> (key: String, name: String)? in
                if case .opaque(let name) = pickle[entry.value] { (entry.key, name) } else { nil }
            }
            if let first = opaque.first(where: { knownKeys.contains($0.key) }) ?? opaque.first {
                return content(
                    "holds no named tensors; its entry '\(first.key.excerpt)' is an object that only calling '\(first.name.excerpt)' would make; \(advice)"
                )
            }
            return content(
                "holds no named tensors: a dictionary with \(entries.isEmpty ? "no entries" : entries.map(\.key).listed())"
            )
        default: return content("holds no named tensors; expected a dictionary of them, a state_dict")
        }
    }
}
