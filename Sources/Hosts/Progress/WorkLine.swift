/// Shows how far one piece of long work is, whoever knows how far it is.
///
/// On a terminal it begins after a second, so that short work leaves no flicker. In a log it says so at each twentieth,
/// no more often than every ten seconds, so that hours leave twenty lines.
package struct WorkLine: Sendable {
    private static let secondsUntilShown = 1.0
    private static let shareBetweenLines = 0.05

    private let name: String
    private let surface: ProgressSurface
    private var last: (seconds: Double, share: Double) = (0, 0)

    /// - Parameters:
    ///   - name: What is done, for example `decoding photographs`.
    ///   - surface: Where it is shown.
    package init(_ name: String, on surface: ProgressSurface = ProgressDisplay.ofWork) {
        (self.name, self.surface) = (name, surface)
    }

    /// Shows how far it is, if it is time to.
    ///
    /// - Parameters:
    ///   - share: What is done, from 0 to 1.
    ///   - detail: The same in pieces, for example `12/300 images`; may be empty.
    ///   - seconds: How long it has taken so far.
    ///   - left: How long the rest takes.
    package mutating func show(
        _ share: Double, _ detail: String = "", after seconds: Double, secondsLeft left: Double
    ) {
        switch surface {
        case .none: break
        case .log(let say):
            guard share < 1, share - last.share >= Self.shareBetweenLines,
                seconds - last.seconds >= ProgressSurface.secondsBetweenLines
            else { return }
            last = (seconds, share)
            let pieces = detail.isEmpty ? "" : ", \(detail)"
            let percent = Int((share * 100).rounded())
            say("\(name): \(percent) % done\(pieces), about \(DurationText.words(left)) left")
        case .terminal(let renew):
            let interval =
                last.seconds == 0 ? Self.secondsUntilShown : ProgressSurface.secondsBetweenRenewals
            guard seconds - last.seconds >= interval else { return }
            last = (seconds, share)
            renew(
                ProgressText(
                    share: share,
                    [.init(name, weight: 3)] + (detail.isEmpty ? [] : [.init(detail, weight: 1)])
                        + [.init("about \(DurationText.words(left)) left", weight: 2)]))
        }
    }

    /// The log begins anew from here: something else has just been said of it.
    package mutating func didSay(_ share: Double, after seconds: Double) { last = (seconds, share) }
}
