public import Tensors

/// Named tensors that a network can be filled with, whatever the format of their file.
///
/// Everything about the file is checked when it is opened; elements are read when a tensor is asked for.
public protocol WeightSource: Sendable {
    /// The file, as it was given.
    var path: String { get }
    /// Names of the tensors, sorted.
    var names: [String] { get }
    /// Strings that the file says of itself; often none.
    var metadata: [String: String] { get }
    /// Bytes of data behind the tensors: no honest tensor has many more elements.
    var byteCount: Int { get }
    /// What a person should know of the file and where in it the weights were found, a line each.
    var findings: [String] { get }

    /// The shape of a tensor, or nil where there is none of that name.
    func shape(of name: String) -> Shape?

    /// Whether the elements of a tensor are integers; false where there is none of that name.
    func holdsIntegers(_ name: String) -> Bool

    /// The tensor of that name, dense and in 32-bit floats.
    ///
    /// - Throws: An error that names the file where there is no such tensor or its elements are no floats.
    func tensor(_ name: String) throws -> Tensor

    /// The integers of that name in row-major order.
    ///
    /// - Throws: An error that names the file where there is no such tensor or its elements are no integers.
    func integers(_ name: String) throws -> [Int]
}

extension WeightSource {
    /// None.
    public var metadata: [String: String] { [:] }

    /// None.
    public var findings: [String] { [] }

    /// A count, such as `num_batches_tracked`, stored as an integer or, where a whole file was cast, as a float.
    ///
    /// A float that is too large for its type became infinite when it was stored; such a count is 0.
    ///
    /// - Throws: An error that names the file where there is no such tensor, or it holds something other than one
    ///   count from 0 to 2^62.
    public func counter(_ name: String) throws -> Int64 {
        guard shape(of: name)?.count ?? 1 == 1 else {
            throw WeightFileError(
                .content, path: path,
                "'\(name.excerpt)' is a count, but has shape \(shape(of: name) ?? [])")
        }
        let value: Double
        if shape(of: name) == nil || holdsIntegers(name) {
            value = Double(try integers(name).first ?? 0)
        } else {
            value = Double(try tensor(name).scalar)
        }
        guard value.isFinite else { return 0 }
        guard value >= 0, value <= 0x1p62, value == value.rounded() else {
            throw WeightFileError(
                .content, path: path,
                "'\(name.excerpt)' is a count, but holds \(value); expected a whole number from 0 to 2^62")
        }
        return Int64(value)
    }
}
