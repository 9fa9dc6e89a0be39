internal import ProcessGroups
public import Tensors

/// Co-Tuning's category relationship p(y_s | y_t): how the source classes share each target class.
///
/// Row t is a distribution over the S source classes; it is the soft label with which samples of target
/// class t train the source head. Every rank holds the same bits.
///
/// You, Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020.
public struct Relationship: Sendable {
    /// Where a relationship comes from.
    public enum Method: String, Sendable, CaseIterable {
        /// The source head's mean prediction for each target class.
        case direct
        /// Target classes regressed on source predictions, turned around by Bayes' rule.
        case reverse
        /// A matrix that someone made otherwise.
        case given
    }

    /// What the reverse method chose on the validation split.
    public struct Regression: Sendable, Equatable {
        /// C, the weight of the loss against ½‖W‖².
        public let strength: Double
        /// Share of the validation samples that the regression classifies correctly.
        public let validationAccuracy: Double
        /// The factor of the regression's logits with the least loss on the validation split.
        public let scale: Double
    }

    /// `[K, S]`; rows sum to 1.
    public let probabilities: Tensor
    /// Where it comes from.
    public let method: Method
    /// Names of the K target classes, in the order of the rows.
    public let classNames: [String]
    /// What the reverse method chose; nil for `direct` and for relationships read from a file.
    public let regression: Regression?
    /// What it was computed from, as its file says; nil where nothing is known of that.
    public var key: RelationshipKey?
    /// Names of the S source classes, in the order of the columns; nil where nobody knows them. In a job rank 0 alone
    /// has them. Another number of names traps.
    public var sourceClassNames: [String]? {
        didSet {
            precondition(
                sourceClassNames.map { $0.count == sourceClassCount } ?? true,
                "\(sourceClassNames?.count ?? 0) names of \(sourceClassCount) source classes")
        }
    }

    /// K.
    public var classCount: Int { probabilities.shape[0] }
    /// S.
    public var sourceClassCount: Int { probabilities.shape[1] }

    /// A relationship of known probabilities.
    ///
    /// - Parameters:
    ///   - probabilities: `[K, S]`, p(y_s | y_t): a distribution a row. Another number of rows traps.
    ///   - classNames: Names of the K target classes.
    ///   - key: What it was computed from, for its file.
    /// - Throws: `RelationshipError.notADistribution` for the first row that is none: an element is negative or
    ///   non-finite, or the sum is not 1 within 1e-4.
    public init(
        probabilities: Tensor, classNames: [String], key: RelationshipKey? = nil
    ) throws(RelationshipError) {
        try self.init(probabilities: probabilities, method: .given, classNames: classNames)
        self.key = key
    }

    /// The same of a known origin.
    init(
        probabilities: Tensor, method: Method, classNames: [String], regression: Regression? = nil
    ) throws(RelationshipError) {
        precondition(
            probabilities.shape.rank == 2 && probabilities.shape[0] == classNames.count,
            "a relationship of \(classNames.count) classes with probabilities of \(probabilities.shape)")
        self.probabilities = probabilities.dense()
        self.method = method
        self.classNames = classNames
        self.regression = regression
        for (row, name) in classNames.enumerated() {
            try Self.check(self.probabilities.rows(row..<row + 1).elements.map(Double.init), of: name)
        }
    }

    /// Throws unless a row is a distribution, up to the rounding of 32-bit floats.
    private static func check(_ row: [Double], of name: String) throws(RelationshipError) {
        let sum = row.reduce(0, +)
        guard row.allSatisfy({ $0.isFinite && $0 >= 0 }), abs(sum - 1) <= 1e-4 else {
            throw .notADistribution(targetClass: name, sum: sum)
        }
    }

    /// The targets of `Tape.softCrossEntropy` for samples of the given target classes: their rows, `[N, S]`.
    ///
    ///     tape.softCrossEntropy(sourceLogits, targets: relationship.targets(of: labels), divisor: globalBatch)
    ///
    /// is Co-Tuning's loss.
    ///
    /// - Parameter labels: N classes, each in `0 ..< K`.
    public func targets(of labels: [Int]) -> Tensor { probabilities.gathered(rows: labels) }

    /// The source classes that each target class resembles most, the most probable first.
    ///
    /// - Parameter count: How many a target class; all where there are fewer. Equal ones stand in order.
    /// - Returns: One element a target class, in the order of the rows.
    public func nearestSourceClasses(
        count: Int
    ) -> [(targetClass: String, sources: [(index: Int, probability: Float)])] {
        precondition(count >= 0, "\(count) source classes asked for")
        let elements = probabilities.elements
        return classNames.enumerated().map { row, name in
            let sources = elements[row * sourceClassCount..<(row + 1) * sourceClassCount].enumerated()
                .map { (index: $0.offset, probability: $0.element) }
                .sorted { ($0.probability, -$0.index) > ($1.probability, -$1.index) }
            return (name, Array(sources.prefix(count)))
        }
    }
}
