extension Subset {
    /// The training samples of a data set.
    ///
    /// - Parameters:
    ///   - dataset: The training set.
    ///   - classes: Classes to keep, renumbered 0, 1, 2, … in this order; nil keeps all labels as they are.
    ///   - classNames: Names of the labels of a data set that has none.
    /// - Throws: `DataError` naming the class where a listed class, or without a list any class up to the
    ///   largest label, has no sample, the list is empty or repeats itself, or names do not fit.
    public static func training(
        of dataset: any ImageDataset, classes: [ClassReference]? = nil, classNames: [String]? = nil
    ) throws(DataError) -> Subset {
        let names = try names(of: dataset, given: classNames)
        let labels = try classes.map { references throws(DataError) in
            try requireDistinct(references)
            return try references.map { reference throws(DataError) in
                guard let label = label(reference, names, isNamed: dataset.hasNamedClasses) else {
                    throw DataError(
                        .selection, path: dataset.path,
                        "data.classes lists \(reference.text), which is none of its \(names.count) classes: "
                            + listed(names))
                }
                return label
            }
        }
        let subset = selected(dataset, labels ?? Array(names.indices), names)
        let found = Set(subset.labels)
        guard let missing = (0..<subset.classCount).first(where: { !found.contains($0) }) else {
            return subset
        }
        if let classes {
            throw DataError(
                .selection, path: dataset.path,
                "the listed class \(classes[missing].text) has no sample; labels go from 0 to "
                    + "\(dataset.classCount - 1)")
        }
        throw DataError(
            .label, path: dataset.path,
            dataset.hasNamedClasses
                ? "no image of class \(names[missing]) is left; list the classes to use in data.classes"
                : "class \(missing) has no training sample, though labels go up to \(dataset.classCount - 1); "
                    + "list the classes to use in data.classes")
    }

    /// The samples of a validation or test set, for a model that distinguishes certain classes.
    ///
    /// Where the data set has names, they decide, else the labels. A class may be missing here.
    ///
    /// - Parameters:
    ///   - dataset: The validation or test set.
    ///   - classes: The list that training used; others are left out. Nil keeps all.
    ///   - classNames: Names of the model's classes, in the order of its logits.
    /// - Throws: `DataError` where a class is none of the model's, or no sample is left.
    public static func evaluation(
        of dataset: any ImageDataset, classes: [ClassReference]? = nil, classNames: [String]
    ) throws(DataError) -> Subset {
        if let classes, classes.count != classNames.count {
            throw DataError(
                .selection, path: dataset.path,
                "\(classes.count) classes are listed, the model has \(classNames.count); list one for each, in its order"
            )
        }
        let subset =
            dataset.hasNamedClasses
            ? try named(dataset, classes, classNames) : try numbered(dataset, classes, classNames)
        guard subset.count > 0 else {
            throw DataError(
                .selection, path: dataset.path,
                "no sample has one of the classes \(listed(classes?.map(\.text) ?? classNames)); look for another spelling, or "
                    + "for data of another task")
        }
        return subset
    }

    /// The samples of a validation or test set that goes with a training set.
    ///
    /// - Parameters:
    ///   - dataset: The validation or test set.
    ///   - classes: The list that training used.
    ///   - training: The training samples, which give the classes.
    /// - Throws: `DataError` where a class does not fit.
    public static func evaluation(
        of dataset: any ImageDataset, classes: [ClassReference]? = nil, like training: Subset
    ) throws(DataError) -> Subset {
        try evaluation(of: dataset, classes: classes, classNames: training.classNames)
    }

    /// A class of that name in the data set belongs to the class of the same name, or the same place in the list.
    private static func named(
        _ dataset: any ImageDataset, _ classes: [ClassReference]?, _ classNames: [String]
    ) throws(DataError) -> Subset {
        if let classes { try requireDistinct(classes) }
        let wanted = classes?.map(\.text) ?? classNames
        let names = dataset.classNames
        if classes == nil, let unknown = names.first(where: { !wanted.contains($0) }) {
            throw DataError(
                .label, path: dataset.path,
                "has a class '\(unknown.prefix(100))', which is none of the \(wanted.count) classes of the training "
                    + "data: \(listed(wanted)); rename it, or take it out of the data")
        }
        let labels = wanted.map { names.firstIndex(of: $0) ?? -1 }
        return selected(dataset, labels, names, as: classNames)
    }

    private static func numbered(
        _ dataset: any ImageDataset, _ classes: [ClassReference]?, _ classNames: [String]
    ) throws(DataError) -> Subset {
        if let classes {
            try requireDistinct(classes)
            // A name that stands for no number of this data set is the place of the class in the model.
            let labels = classes.enumerated().map { label($1, [], isNamed: false) ?? $0 }
            return selected(dataset, labels, dataset.classNames, as: classNames)
        }
        let classCount = classNames.count
        for index in 0..<dataset.count where dataset.label(index) >= classCount {
            throw DataError(
                .label, path: dataset.path,
                "sample \(index) has label \(dataset.label(index)), but there are \(classCount) classes, "
                    + "0 to \(classCount - 1), in the training set; correct the label, or list the classes to use in data.classes"
            )
        }
        return selected(dataset, Array(0..<classCount), dataset.classNames, as: classNames)
    }

    /// The samples whose label is listed; their class is the place of the label in the list.
    private static func selected(
        _ dataset: any ImageDataset, _ labels: [Int], _ names: [String], as classNames: [String]? = nil
    ) -> Subset {
        var numbers: [Int: Int] = [:]
        for (number, label) in labels.enumerated() where label >= 0 { numbers[label] = number }
        let kept = (0..<dataset.count).filter { numbers[dataset.label($0)] != nil }
        return Subset(
            dataset: dataset, indices: kept, labels: kept.compactMap { numbers[dataset.label($0)] },
            classCount: labels.count,
            classNames: classNames ?? labels.map { names.indices.contains($0) ? names[$0] : String($0) })
    }

    /// The label that a reference means; nil where there is none of that name.
    private static func label(_ reference: ClassReference, _ names: [String], isNamed: Bool) -> Int? {
        if case .label(let label) = reference, !isNamed { return label }
        return names.firstIndex(of: reference.text)
    }

    private static func names(
        of dataset: any ImageDataset, given: [String]?
    ) throws(DataError) -> [String] {
        guard let given else { return dataset.classNames }
        guard !dataset.hasNamedClasses else {
            throw DataError(
                .setting, path: dataset.path,
                "has names of classes of its own; leave data.class-names out")
        }
        guard given.count == dataset.classCount else {
            throw DataError(
                .setting, path: dataset.path,
                "data.class-names lists \(given.count) names, the data have \(dataset.classCount) classes")
        }
        guard Set(given).count == given.count else {
            throw DataError(.setting, path: dataset.path, "data.class-names lists a name twice")
        }
        return given
    }

    private static func requireDistinct(_ classes: [ClassReference]) throws(DataError) {
        guard !classes.isEmpty else {
            throw DataError(
                .setting, path: "", "data.classes is empty; list classes, or leave it out for all")
        }
        var seen: Set<String> = []
        for reference in classes where !seen.insert(reference.text).inserted {
            throw DataError(
                .setting, path: "", "the list of classes has class \(reference.text) twice; list each once")
        }
    }

    /// The first of some names, for a message.
    private static func listed(_ names: [String]) -> String {
        let shown = names.prefix(20).map { String($0.prefix(60)) }.joined(separator: ", ")
        return names.count > 20 ? shown + ", …" : shown
    }
}
