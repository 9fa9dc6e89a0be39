internal import Foundation
public import Hosts
internal import ProcessGroups

/// Faults that tests bring about, from the environment variable `BALLAST_FAULTS`; none else.
///
/// `step=3,rank=1,point=before-rename,kind=sigkill;step=…`: `step`, `point` and `kind` are needed; without
/// `rank` every rank is meant. A restarted program that comes to the same step meets the same fault again.
public struct FaultSchedule: Sendable {
    private struct Fault: Sendable {
        let step: Int
        let rank: Int?
        let point: FaultPoint
        let kind: FaultKind
    }

    /// The name of the environment variable.
    public static let variable = "BALLAST_FAULTS"
    /// Nothing goes wrong.
    public static let none = FaultSchedule(faults: [])

    private let faults: [Fault]

    private init(faults: [Fault]) { self.faults = faults }

    /// The schedule of an environment; `none` where the variable is absent.
    ///
    /// - Throws: `FaultScheduleError` where its value is malformed.
    public static func of(
        environment: [String: String]
    ) throws(FaultScheduleError) -> FaultSchedule {
        guard let text = environment[variable] else { return .none }
        return try FaultSchedule(parsing: text)
    }

    /// Reads a schedule; empty text is an empty schedule.
    ///
    /// - Throws: `FaultScheduleError` that names the part and what is allowed in its place.
    public init(parsing text: String) throws(FaultScheduleError) {
        var faults: [Fault] = []
        for entry in text.split(separator: ";") where !entry.allSatisfy(\.isWhitespace) {
            faults.append(try Self.fault(String(entry)))
        }
        self.init(faults: faults)
    }

    /// Does what is scheduled for this point of a step: kills the process, throws, or never returns.
    ///
    /// - Returns: A fault that the caller, who is about to write, must bring about.
    /// - Throws: `InjectedFault`.
    @discardableResult
    public func reach(_ point: FaultPoint, step: Int, rank: Int) throws(InjectedFault) -> WriteFault? {
        guard !faults.isEmpty else { return nil }
        let due = faults.first { fault in
            fault.point == point && fault.step == step && (fault.rank ?? rank) == rank
        }
        switch due?.kind {
        case nil: return nil
        case .diskFull: return .diskFull
        case .shortWrite: return .shortWrites
        case .throw: throw InjectedFault(point: point, step: step, rank: rank)
        case .sigkill: kill(getpid(), SIGKILL)
        case .hang: break
        }
        while true { sleep(3600) }
    }

    private static func fault(_ entry: String) throws(FaultScheduleError) -> Fault {
        var values: [String: String] = [:]
        for member in entry.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = member.split(separator: "=", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard parts.count == 2, ["step", "rank", "point", "kind"].contains(parts[0]) else {
                throw FaultScheduleError(
                    entry, "\"\(member)\" is not one of step=, rank=, point= and kind=")
            }
            guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw FaultScheduleError(entry, "\(parts[0]) is given twice")
            }
        }
        let point: FaultPoint = try named(values, "point", entry)
        let kind: FaultKind = try named(values, "kind", entry)
        if kind == .diskFull || kind == .shortWrite, !point.precedesWriting {
            let points = FaultPoint.allCases.filter(\.precedesWriting).map(\.rawValue)
            throw FaultScheduleError(
                entry, "\(kind.rawValue) is possible at \(points.joined(separator: " and ")) only")
        }
        guard let step = try number(values, "step", entry) else {
            throw FaultScheduleError(entry, "step= is missing")
        }
        return Fault(step: step, rank: try number(values, "rank", entry), point: point, kind: kind)
    }

    private static func named<Value: RawRepresentable<String> & CaseIterable>(
        _ values: [String: String], _ key: String, _ entry: String
    ) throws(FaultScheduleError) -> Value {
        if let value = values[key].flatMap({ Value(rawValue: $0) }) { return value }
        let found = values[key].map { "\(key)=\($0) is unknown" } ?? "\(key)= is missing"
        let allowed = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw FaultScheduleError(entry, "\(found); there are \(allowed)")
    }

    /// Nil where the key is absent.
    private static func number(
        _ values: [String: String], _ key: String, _ entry: String
    ) throws(FaultScheduleError) -> Int? {
        guard let text = values[key] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw FaultScheduleError(entry, "\(key)=\(text) is not a number from 0")
        }
        return number
    }
}

/// A value of `BALLAST_FAULTS` that is none.
public struct FaultScheduleError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// The variable, the part of it, what is wrong and what is allowed.
    public let description: String
    /// 64: wrong use.
    public var exitCode: Int32 { ExitCode.wrongUse }

    init(_ entry: String, _ problem: String) {
        description = "\(FaultSchedule.variable): \"\(entry)\": \(problem)"
    }
}
