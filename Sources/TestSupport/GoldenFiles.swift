import Foundation

/// The path of a fixture in `Tests/Golden`; its README says what each one holds.
public func goldenPath(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Tests/Golden/\(name)").standardized.path
}
