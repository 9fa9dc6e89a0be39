/// A method that looks at the singular values of a batch's features; a run records them.
public protocol SpectralRegularizer: Regularizer {
    /// Singular values of the features `[B, F]` of the last step's global batch, largest first; none before the first
    /// step, and on other ranks than 0.
    ///
    /// - Throws: What LAPACK says where it fails.
    func singularValues() throws -> [Double]
}
