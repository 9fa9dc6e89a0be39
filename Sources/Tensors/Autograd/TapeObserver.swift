/// Is told when layers and their operations begin and end, forward and backward: a profile.
///
/// A tape without one costs a comparison an operation.
public protocol TapeObserver: AnyObject {
    /// The layer whose forward pass runs, innermost first: the operations that are recorded now belong to it. Nil
    /// outside of layers.
    var layer: String? { get }

    /// A layer's forward pass or one operation of its backward pass begins, within those that have begun before.
    ///
    /// - Parameters:
    ///   - layer: Its name.
    ///   - isBackward: Whether it is the backward pass.
    func begin(_ layer: String, isBackward: Bool)

    /// What began last has ended.
    func end()
}
