extension Subset {
    /// The training samples of a data set.
    ///
    /// - Parameters:
    ///   - dataset: The training set.
    ///   - classes: Labels to keep, renumbered 0, 1, 2, … in this order; nil keeps all labels as they are.
    /// - Throws: `DataError` naming the class where a listed class, or without a list any class up to the
    ///   largest label, has no sample, or the list is empty or repeats itself.
    public static func training(of dataset: any ImageDataset, classes: [Int]? = nil) throws(DataError)
        -> Subset
    {
        let subset = try selected(dataset, classes, classCount: classes?.count ?? dataset.classCount)
        let found = Set(subset.labels)
        guard found.count < subset.classCount,
            let missing = (0..<subset.classCount).first(where: { !found.contains($0) })
        else { return subset }
        if let classes {
            throw DataError(
                .selection, path: dataset.path,
                "the listed class \(classes[missing]) has no sample; labels go from 0 to "
                    + "\(dataset.classCount - 1)")
        }
        throw DataError(
            .label, path: dataset.path,
            "class \(missing) has no training sample, though labels go up to \(dataset.classCount - 1); "
                + "list the classes to use in data.classes")
    }

    /// The samples of a validation or test set, for a model of `classCount` classes.
    ///
    /// A class may be missing here.
    ///
    /// - Parameters:
    ///   - dataset: The validation or test set.
    ///   - classes: The list that training used; others are left out. Nil keeps all.
    ///   - classCount: Classes of the training set; with a list, their number.
    ///   - classNames: Names of the classes, or nil for those of the data set.
    /// - Throws: `DataError` where a label reaches `classCount`, or no sample is left.
    public static func evaluation(
        of dataset: any ImageDataset, classes: [Int]? = nil, classCount: Int, classNames: [String]? = nil
    ) throws(DataError) -> Subset {
        if let classes, classes.count != classCount {
            throw DataError(
                .selection, path: dataset.path,
                "data.classes lists \(classes.count) classes, the model has \(classCount)")
        }
        if classes == nil {
            for index in 0..<dataset.count where dataset.label(index) >= classCount {
                throw DataError(
                    .label, path: dataset.path,
                    "sample \(index) has label \(dataset.label(index)), but there are \(classCount) classes, "
                        + "0 to \(classCount - 1), in the training set")
            }
        }
        let subset = try selected(dataset, classes, classCount: classCount, classNames: classNames)
        guard subset.count > 0 else {
            throw DataError(
                .selection, path: dataset.path, "no sample has one of the classes \(classes ?? [])")
        }
        return subset
    }

    /// The samples of a validation or test set that goes with a training set.
    ///
    /// - Parameters:
    ///   - dataset: The validation or test set.
    ///   - classes: The list that training used.
    ///   - training: The training samples, which give the classes.
    /// - Throws: `DataError` where a label does not fit.
    public static func evaluation(
        of dataset: any ImageDataset, classes: [Int]? = nil, like training: Subset
    ) throws(DataError) -> Subset {
        try evaluation(
            of: dataset, classes: classes, classCount: training.classCount, classNames: training.classNames)
    }

    private static func selected(
        _ dataset: any ImageDataset, _ classes: [Int]?, classCount: Int, classNames: [String]? = nil
    ) throws(DataError) -> Subset {
        let names = dataset.classNames
        guard let classes else {
            let own = (0..<classCount).map { $0 < names.count ? names[$0] : String($0) }
            return Subset(
                dataset: dataset, indices: Array(0..<dataset.count),
                labels: (0..<dataset.count).map { dataset.label($0) }, classCount: classCount,
                classNames: classNames ?? own)
        }
        var numbers: [Int: Int] = [:]
        for (number, label) in classes.enumerated() {
            guard numbers.updateValue(number, forKey: label) == nil else {
                throw DataError(.setting, path: "", "data.classes lists class \(label) twice")
            }
        }
        guard !classes.isEmpty else {
            throw DataError(.setting, path: "", "data.classes is empty; list labels, or leave it out for all")
        }
        let kept = (0..<dataset.count).filter { numbers[dataset.label($0)] != nil }
        return Subset(
            dataset: dataset, indices: kept, labels: kept.compactMap { numbers[dataset.label($0)] },
            classCount: classCount,
            classNames: classNames
                ?? classes.map { names.indices.contains($0) ? names[$0] : String($0) })
    }
}
