import Foundation
import Runs
import Testing

/// The article that lists every key: its YAML is read, and says every key with the value that it has by default.
@Suite struct ConfigurationArticleTests {
    /// What has no default, beside the method.
    private static let rest = """
        network: {name: resnet50, weights: resnet50-11ad3fa6.pth}
        data: {train: photographs/train}
        output: runs/first

        """

    /// The blocks of YAML in the article: the whole configuration, and lines of which one at a time takes the place of
    /// a section.
    private static func blocks() throws -> [String] {
        let article = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/Training/Documentation.docc/TheConfiguration.md")
        return try String(contentsOf: article, encoding: .utf8).components(separatedBy: "```yaml\n")
            .dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
    }

    private static func resolved(_ text: String) throws -> String {
        try RunConfiguration(text: text, file: "run.yaml", directory: "/folder").yaml()
    }

    /// The lines of a text up to their colon, which are keys with their indentation.
    private static func keys(_ text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") && $0.contains(":") }.map {
            String($0.prefix { $0 != ":" })
        }
    }

    @Test func everyKeyStandsThereWithItsDefault() throws {
        let whole = try Self.blocks()[0]
        let resolved = try Self.resolved(whole)
        #expect(try resolved == Self.resolved("method: {name: fine-tune}\n" + Self.rest))
        #expect(Set(Self.keys(resolved)).subtracting(Self.keys(whole)) == [])
    }

    @Test func soDoThoseOfEachMethodOptimizerAndSchedule() throws {
        let lines = try Self.blocks()[1].split(separator: "\n").map(String.init)
        for line in lines {
            let section = String(line.prefix { $0 != ":" })
            let method = section == "method" ? "" : "method: {name: fine-tune}\n"
            // The choice alone: what stands before the first key with a default.
            let entries = line.components(separatedBy: ", ")
            let choice = entries.prefix(section == "method" ? 2 : 1).joined(separator: ", ")
            let alone = choice.hasSuffix("}") ? choice : choice + "}"
            let resolved = try Self.resolved("\(line)\n\(method)\(Self.rest)")
            #expect(try resolved == Self.resolved("\(alone)\n\(method)\(Self.rest)"), "\(line)")
            let own = resolved.components(separatedBy: "\(section):\n")[1].split(separator: "\n").prefix {
                $0.hasPrefix("  ")
            }
            for key in own.map({ $0.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces) }) {
                #expect(line.contains("\(key): "), "\(line): \(key)")
            }
        }
        for method in MethodName.allCases {
            #expect(lines.contains { $0.hasPrefix("method: {name: \(method.rawValue), ") })
        }
    }
}
