/// Stops the program unless a condition holds, and says why.
///
/// The standard library's function of this name drops its message in optimized builds, where a wrong shape
/// would end in a bare trap. This one takes its place in every module that imports `Tensors`.
@inline(__always)
package func precondition(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    guard !condition() else { return }
    fatalError(message(), file: file, line: line)
}

/// Stops the program at a place that must never be reached, and says why.
package func preconditionFailure(
    _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
    fatalError(message(), file: file, line: line)
}
