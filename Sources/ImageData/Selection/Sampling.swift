internal import Tensors

extension Subset {
    /// Few samples of each class, chosen by the seed.
    ///
    /// - Parameters:
    ///   - samplesPerClass: How many of each class.
    ///   - seed: The run's seed.
    /// - Throws: `DataError` where the number is not positive or a class has fewer; it names the class, what
    ///   was found and what was asked for.
    public func sampled(samplesPerClass: Int, seed: UInt64) throws(DataError) -> Subset {
        guard samplesPerClass >= 1 else {
            throw DataError(.setting, path: "", "samples-per-class is \(samplesPerClass); expected 1 or more")
        }
        for (number, found) in self.samplesPerClass.enumerated() where found < samplesPerClass {
            throw DataError(
                .selection, path: dataset.path,
                "class \(classNames[number]) has \(found) samples, \(samplesPerClass) were asked for with "
                    + "samples-per-class; lower it, or add images of the class")
        }
        return at(chosen(seed: seed, purpose: .sampling) { _ in samplesPerClass })
    }

    /// A percentage of each class, chosen by the seed: `max(1, round(n · rate / 100))` of n samples.
    ///
    /// A class keeps what it had at a smaller rate when the rate grows.
    ///
    /// - Parameters:
    ///   - sampleRate: Percent, above 0 and up to 100.
    ///   - seed: The run's seed.
    /// - Throws: `DataError` where the rate is out of range.
    public func sampled(sampleRate: Double, seed: UInt64) throws(DataError) -> Subset {
        guard sampleRate > 0, sampleRate <= 100 else {
            throw DataError(
                .setting, path: "",
                "sample-rate is \(sampleRate); expected a percentage above 0 and up to 100")
        }
        return at(
            chosen(seed: seed, purpose: .sampling) { count in
                max(1, Int((Double(count) * sampleRate / 100).rounded()))
            })
    }

    /// Takes a tenth of each class away for validation, chosen by the seed.
    ///
    /// Of n samples of a class, `round(n / 10)` go to validation, at least one where there are two; a single
    /// sample stays in training. Samples of one group stay together, see `GroupedSplit`.
    ///
    /// - Throws: `DataError` where no class can spare a sample.
    public func split(seed: UInt64) throws(DataError) -> (training: Subset, validation: Subset) {
        let quota: (Int) -> Int = { $0 < 2 ? 0 : max(1, Int((Double($0) / 10).rounded())) }
        let groups = indices.map(dataset.group)
        let hasGroups = groups.contains { $0 != nil }
        let taken =
            hasGroups
            ? GroupedSplit(self, groups, quota: quota, seed: seed).taken
            : chosen(seed: seed, purpose: .split, amount: quota)
        guard !taken.isEmpty else {
            throw DataError(
                .selection, path: dataset.path,
                "no class has two \(hasGroups ? "groups" : "samples"), so none can be kept for validation; set "
                    + "data.validation to a file or to none")
        }
        let takenSet = Set(taken)
        return (at((0..<count).filter { !takenSet.contains($0) }), at(taken))
    }

    /// Positions, ascending, of as many samples of each class as `amount` says, which is given their number.
    ///
    /// A class's stream is keyed by its label in the data set, so that it does not matter which other
    /// classes were selected.
    private func chosen(
        seed: UInt64, purpose: KeyedRandom.Purpose, amount: (_ count: Int) -> Int
    ) -> [Int] {
        var positions = [[Int]](repeating: [], count: classCount)
        for (position, label) in labels.enumerated() { positions[label].append(position) }
        var chosen: [Int] = []
        for members in positions {
            guard let first = members.first else { continue }
            var random = KeyedRandom(seed: seed, purpose: purpose, dataset.label(indices[first]))
            let order = random.permutation(members.count)
            chosen += order.prefix(amount(members.count)).map { members[$0] }
        }
        return chosen.sorted()
    }
}
