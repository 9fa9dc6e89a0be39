/// A type that a value of the configuration can have: how to read it and how to say what is expected.
struct ValueKind<Value> {
    /// What a message says was expected, as in "a whole number, at least 1".
    let expectation: String
    /// The names that a value can have; empty where it is no choice among names.
    var names: [String] = []
    /// Reads a value; nil if it is of another kind or out of range.
    let convert: (ConfigurationNode) -> Value?

    /// The same kind with one more condition, which `words` says.
    func satisfying(_ words: String, _ condition: @escaping (Value) -> Bool) -> ValueKind {
        ValueKind(expectation: "\(expectation), \(words)") { node in
            convert(node).flatMap { condition($0) ? $0 : nil }
        }
    }
}

extension ValueKind where Value == Bool {
    /// `true` or `false`.
    static var boolean: ValueKind { ValueKind(expectation: "true or false", convert: \.boolean) }
}

extension ValueKind where Value: FixedWidthInteger & Sendable {
    /// A whole number in a range.
    static func integer(_ range: NumberRange<Value>) -> ValueKind {
        ValueKind(expectation: "a whole number") { $0.wholeNumber() }.satisfying(range.words, range.contains)
    }
}

extension ValueKind where Value == Double {
    /// A finite number in a range.
    static func number(_ range: NumberRange<Double>) -> ValueKind {
        ValueKind(expectation: "a number", convert: \.number).satisfying(range.words, range.contains)
    }
}

extension ValueKind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the names of an enumeration.
    static var choice: ValueKind {
        let names = Value.allCases.map(\.rawValue)
        return ValueKind(
            expectation: names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))", names: names
        ) {
            $0.text.flatMap(Value.init(rawValue:))
        }
    }
}

extension ValueKind where Value == String {
    /// One of some names.
    static func choice(among names: [String]) -> ValueKind {
        ValueKind(expectation: "one of \(names.joined(separator: ", "))") { node in
            node.text.flatMap { names.contains($0) ? $0 : nil }
        }
    }

    /// A path of a file or folder, made absolute by putting `directory` before a relative one.
    ///
    /// Parent folders (`..`) stay as written: dropping them as text is wrong behind a symbolic link. A word such as `no`
    /// without quotes is none: whoever writes it means something else.
    static func path(relativeTo directory: String) -> ValueKind {
        ValueKind(expectation: "a path, written out ('~' is not expanded)") { node in
            guard let text = node.text, !node.isNull, !text.isEmpty, !text.hasPrefix("~"), !node.isYesOrNo
            else { return nil }
            return absolutePath(text, in: directory)
        }
    }
}

extension ValueKind {
    /// A list whose entries are all of one kind.
    static func list<Element>(of kind: ValueKind<Element>) -> ValueKind where Value == [Element] {
        ValueKind(expectation: "a list (each entry \(kind.expectation))") { node in
            guard case .list(let nodes) = node.content else { return nil }
            let values = nodes.compactMap(kind.convert)
            return values.count == nodes.count ? values : nil
        }
    }
}

/// The path with `directory` before it if it is relative, without empty and `.` components.
func absolutePath(_ path: String, in directory: String) -> String {
    let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
}
