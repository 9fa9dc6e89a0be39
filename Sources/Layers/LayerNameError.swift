public import Hosts

/// A name that belongs to no layer of a network whose output can be observed.
public struct LayerNameError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// The name that was asked for.
    public let name: String
    /// Names of layers that it may have been meant for; the nearest first.
    public let suggestions: [String]
    private let layerCount: Int

    /// The name, and what to write instead.
    public var description: String {
        guard !suggestions.isEmpty else {
            return
                "no layer of the network is named '\(name)'; none of its \(layerCount) layers has a name like it"
        }
        let names = suggestions.map { "'\($0)'" }.joined(separator: ", ")
        return "no layer of the network is named '\(name)'; did you mean \(names)?"
    }

    /// 64: wrong use.
    public var exitCode: Int32 { ExitCode.wrongUse }

    /// An unknown name among the given layers: suggests what it begins, then the nearest.
    ///
    /// - Parameters:
    ///   - name: The unknown name.
    ///   - layerNames: The names there are.
    public init(_ name: String, among layerNames: [String]) {
        self.name = name
        layerCount = layerNames.count
        let nearest = nearestName(to: name, among: layerNames).map { [$0] } ?? []
        let within = layerNames.filter { $0.hasPrefix(name + ".") && !nearest.contains($0) }
        suggestions = Array((nearest + within).prefix(4))
    }

    /// - Throws: An error about the first of `names` that is not among `layerNames`.
    public static func check(_ names: [String], among layerNames: [String]) throws(LayerNameError) {
        guard !names.isEmpty else { return }
        let known = Set(layerNames)
        if let unknown = names.first(where: { !known.contains($0) }) {
            throw LayerNameError(unknown, among: layerNames)
        }
    }
}
