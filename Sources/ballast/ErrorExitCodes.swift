import ImageData
import Layers
import ProcessGroups
import Regularizers
import Tensors

// Modules below `ProcessGroups` declare the exit codes of their errors without knowing its protocol.
extension ConfigurationError: ExitCodeProviding {}
extension DataError: ExitCodeProviding {}
extension OutputFileError: ExitCodeProviding {}
extension SafetensorsError: ExitCodeProviding {}
extension WeightError: ExitCodeProviding {}
extension StateError: ExitCodeProviding {}
extension BiTuningStateError: ExitCodeProviding {}
extension NonFiniteError: ExitCodeProviding {}

/// A use of the program that cannot work, though each option by itself is right.
struct UsageError: Error, ExitCodeProviding, CustomStringConvertible {
    /// What was found, what was expected and what to do.
    let description: String
    /// 64: wrong use.
    var exitCode: Int32 { ExitCode.wrongUse }

    init(_ description: String) { self.description = description }
}
