internal import Tensors

/// A tenth of each class for validation, where samples of one group, such as a patient, stay together.
///
/// Groups are met in an order drawn by the seed. First each is taken whose samples fit into what is wanted of every
/// class; then, for a class of which nothing was taken, the group that has fewest samples beyond it. No class loses
/// all its training samples. A sample without a group is a group of its own.
struct GroupedSplit {
    /// Positions of the samples for validation, ascending.
    private(set) var taken: [Int] = []

    private struct Group {
        var positions: [Int] = []
        /// Samples of each class that occurs.
        var counts: [Int: Int] = [:]
    }

    /// Samples of each class in the subset.
    private let available: [Int]
    /// Samples of each class that were taken.
    private var takenCounts: [Int]

    /// - Parameters:
    ///   - subset: All samples.
    ///   - names: The group of each.
    ///   - quota: How many samples of a class are wanted of so many.
    ///   - seed: The run's seed.
    init(_ subset: Subset, _ names: [String?], quota: (Int) -> Int, seed: UInt64) {
        available = subset.samplesPerClass
        takenCounts = [Int](repeating: 0, count: available.count)
        var numbers: [String: Int] = [:]
        var groups: [Group] = []
        for (position, name) in names.enumerated() {
            let number = name.flatMap { numbers[$0] } ?? groups.count
            if number == groups.count { groups.append(Group()) }
            if let name { numbers[name] = number }
            groups[number].positions.append(position)
            groups[number].counts[subset.labels[position], default: 0] += 1
        }
        var random = KeyedRandom(seed: seed, purpose: .split, groups.count)
        var rest = random.permutation(groups.count).map { groups[$0] }
        let wanted = available.map(quota)
        rest = rest.filter { group in
            let fits = group.counts.allSatisfy { takenCounts[$0] + $1 <= wanted[$0] }
            if fits { take(group) }
            return !fits
        }
        for label in available.indices where takenCounts[label] == 0 && wanted[label] > 0 {
            let candidates = rest.indices.filter { rest[$0].counts[label] != nil && leavesSome(rest[$0]) }
            guard let smallest = candidates.min(by: { rest[$0].positions.count < rest[$1].positions.count })
            else { continue }
            take(rest.remove(at: smallest))
        }
        taken.sort()
    }

    /// Whether training keeps a sample of every class without the group.
    private func leavesSome(_ group: Group) -> Bool {
        group.counts.allSatisfy { takenCounts[$0] + $1 < available[$0] }
    }

    private mutating func take(_ group: Group) {
        taken += group.positions
        for (label, count) in group.counts { takenCounts[label] += count }
    }
}
