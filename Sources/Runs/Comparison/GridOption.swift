internal import ModelFiles

/// A `--grid key.path=V1,V2` option: values of the configuration that are tried one after the other.
package struct GridOption: Sendable, Equatable {
    /// The keys from the outermost section to the value.
    let path: [String]
    /// An assignment for each value, as `--set` takes it.
    package let assignments: [String]

    /// Sections whose values a method may be tried with.
    private static let sections = ["method", "network", "optimizer", "schedule", "training"]
    /// What else a configuration has, of which nothing is tried.
    private static let others = ["data", "checkpoint", "communication", "initial-state", "output"]
    /// Keys of these that all methods must have alike.
    private static let fixed = ["method.name", "training.seed", "training.best-by"]
    private static let mostValues = 100

    /// Reads the option.
    ///
    /// - Throws: `UsageError` where it is none, or where methods would not be compared on equal terms with it.
    package init(_ text: String) throws {
        let origin = "--grid \(text.excerpt)"
        guard let equals = text.firstIndex(of: "=") else {
            throw UsageError("\(origin): has no '='; expected key.path=value,value")
        }
        let key = String(text[..<equals])
        let values = Self.values(text[text.index(after: equals)...])
        guard values.count <= Self.mostValues, !values.contains("") else {
            throw UsageError(
                "\(origin): has \(values.contains("") ? "an empty value" : "\(values.count) values"); expected 1 to \(Self.mostValues) of them, with commas between"
            )
        }
        guard Set(values).count == values.count else {
            throw UsageError("\(origin): has a value twice; expected each once")
        }
        let path: [String]
        do {
            path = try Assignment(key + "=" + values[0]).path
        } catch let error as ConfigurationError {
            throw UsageError("\(origin): \(error.problem)")
        }
        let name = path.joined(separator: ".")
        guard (Self.sections + Self.others).contains(path[0]) else {
            throw UsageError(
                "\(origin): '\(name.excerpt)' is no key of a configuration; expected one with its section, such as optimizer.learning-rate; sections: \(Self.sections.joined(separator: ", "))"
            )
        }
        guard path.count >= 2, Self.sections.contains(path[0]), !Self.fixed.contains(name) else {
            throw UsageError(
                "\(origin): methods are compared on the same samples, splits, seeds and by the same measure, which '\(name.excerpt)' would change; "
                    + "expected a key of \(Self.sections.joined(separator: ", ")), and none of \(Self.fixed.joined(separator: ", "))"
            )
        }
        self.path = path
        assignments = values.map { "\(name)=\($0)" }
    }

    /// Whether a method has the key.
    func applies(to configuration: RunConfiguration) -> Bool {
        switch path[0] {
        case "method":
            path[1] == "profile"
                || configuration.method.settings.entries.contains { $0.key == path[1] }
        case "network": true
        default: configuration.method.name.settings.takesSteps
        }
    }

    /// The values between commas that stand in no brackets and no quotes, without the spaces around them.
    private static func values(_ text: Substring) -> [String] {
        var (values, depth, quote) = ([""], 0, Character?.none)
        for character in text {
            if let open = quote {
                if character == open { quote = nil }
            } else {
                switch character {
                case "\"", "'": quote = character
                case "[", "{": depth += 1
                case "]", "}": depth -= 1
                case "," where depth == 0:
                    values.append("")
                    continue
                default: break
                }
            }
            values[values.count - 1].append(character)
        }
        return values.map { value in
            String(value.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
    }
}

extension [GridOption] {
    /// All combinations of the values that a method has a key for, each a list of assignments; one empty list where it
    /// has none of the keys.
    package func settings(for configuration: RunConfiguration) -> [[String]] {
        filter { $0.applies(to: configuration) }.reduce([[]]) { settings, option in
            settings.flatMap { setting in option.assignments.map { setting + [$0] } }
        }
    }
}
