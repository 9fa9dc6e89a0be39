/// Synchronous successive halving: of many settings of a method, a third goes on after a ninth of the epochs, and a third
/// of these after a third.
///
/// All settings of a rung are trained equally long, with the learning rates of the whole run, before any is stopped. η = 3.
///
/// Source: Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization, AISTATS 2016.
package enum SettingHalving {
    /// Rungs, the last of which is the whole run.
    package static let rungCount = 3
    private static let factor = 3

    /// Epochs after which settings of a rung are compared.
    ///
    /// - Parameters:
    ///   - rung: From 0 on.
    ///   - whole: Epochs of the whole run.
    package static func epochs(rung: Int, of whole: Int) -> Int {
        let divisor = (rung..<rungCount - 1).reduce(1) { result, _ in result * factor }
        return max(1, (whole + divisor / 2) / divisor)
    }

    /// How many of so many settings go on.
    package static func survivors(of count: Int) -> Int { max(1, (count + factor - 1) / factor) }
}
