internal import ModelFiles

extension Subset {
    /// Samples of another subset whose file has the same contents as one of this, so that it was seen in training.
    ///
    /// - Returns: Pairs of positions, here and there, in the order of the other one.
    public func sharedImages(with other: Subset) -> [(here: Int, there: Int)] {
        var own: [FileDigest: Int] = [:]
        for (position, index) in indices.enumerated() {
            if let digest = dataset.digest(index) { own[digest] = own[digest] ?? position }
        }
        return other.indices.enumerated().compactMap { position, index in
            other.dataset.digest(index).flatMap { own[$0] }.map { (here: $0, there: position) }
        }
    }

    /// What to tell the user about samples that both have; nil where there are none.
    ///
    /// - Parameters:
    ///   - other: Samples for validation or test.
    ///   - name: What the user calls them.
    public func noticeOfSharedImages(with other: Subset, named name: String) -> String? {
        let shared = sharedImages(with: other)
        guard !shared.isEmpty else { return nil }
        let shown = shared.prefix(3).map { pair in
            "\(other.identifier(pair.there)) = \(identifier(pair.here))"
        }
        return
            "\(name): \(shared.count) of \(other.count) images are also among those for training, so the result is "
            + "too good: \(shown.joined(separator: ", "))\(shared.count > 3 ? ", …" : "")"
    }
}
