/// Holm's adjustment of p-values for several comparisons: with it, the chance of any false win among them is at most the
/// level.
///
/// Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979.
public enum HolmAdjustment {
    /// Adjusted p-values: in ascending order, each is the largest of `(m − k) p_k` so far, at most 1.
    ///
    /// - Parameters:
    ///   - values: p-values; nil where there is none, which stays so but counts.
    ///   - comparisonCount: m: comparisons that were planned, those without a value among them; at least as many as
    ///     values.
    public static func adjusted(_ values: [Double?], comparisonCount: Int? = nil) -> [Double?] {
        let count = comparisonCount ?? values.count
        precondition(count >= values.count, "\(values.count) values of \(count) comparisons")
        let known = values.indices.compactMap { index in values[index].map { (index, $0) } }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        var adjusted = [Double?](repeating: nil, count: values.count)
        var largest = 0.0
        for (place, (index, value)) in known.enumerated() {
            largest = max(largest, min(1, Double(count - place) * value))
            adjusted[index] = largest
        }
        return adjusted
    }
}
