internal import Layers
public import ModelFiles
internal import Tensors

/// Which network weights look like, by names first and then by shapes.
public enum NetworkLikeness {
    /// The network whose tensors, all of them, the file has in the right shapes; of several the one with most
    /// tensors; nil where there is none.
    public static func network(of source: any WeightSource) -> NetworkName? { candidates(source).first }

    /// For the end of a message: what the weights look like.
    static func description(of source: any WeightSource, other network: NetworkName) -> String {
        guard let likely = candidates(source).first(where: { $0 != network }) else {
            return "these are the weights of no network that is known here"
        }
        return "these look like the weights of \(likely.rawValue)"
    }

    /// Networks that the file can fill, those with most tensors first.
    private static func candidates(_ source: any WeightSource) -> [NetworkName] {
        NetworkName.allCases.compactMap { name -> (name: NetworkName, count: Int)? in
            guard let found = fit(source, name) else { return nil }
            return (name, found)
        }.sorted { $0.count > $1.count }.map(\.name)
    }

    /// Tensors of a network, where the file has them all in the right shapes.
    private static func fit(_ source: any WeightSource, _ name: NetworkName) -> Int? {
        let specification = name.specification
        let smallest = specification.makeBackbone(
            NetworkOptions(baseWidth: specification.smallestBaseWidth ?? 64))
        let expected = StateNames(smallest).tensors.count
        guard let names = PublishedWeights.bestNames(source, specification, smallest),
            names.count == expected,
            let match = try? PublishedWeights.match(source, name)
        else { return nil }
        let state = StateNames(specification.makeBackbone(match.options))
        let fits = state.tensors.allSatisfy { tensor in
            source.shape(of: match.prefix + match.table.name(of: tensor.name)) == tensor.shape
        }
        return fits ? state.tensors.count : nil
    }
}
