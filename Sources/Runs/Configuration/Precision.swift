internal import Hosts
package import ProcessGroups
package import Tensors

/// What a run computes its feature maps in; raw values are those of the key `training.precision`.
package enum Precision: String, Sendable, CaseIterable {
    /// 32-bit floats.
    case float32
    /// Rounded to 8 bits of mantissa.
    case bfloat16
    /// `bfloat16` where the processors of all hosts multiply it by themselves, else `float32`.
    case auto
}

/// The precision that a run takes, the same on every rank, and why.
package struct PrecisionChoice: Sendable, Equatable {
    /// What feature maps hold.
    package let elementType: ElementType
    /// What the user should know of it, a line each.
    package let notices: [String]

    /// 32-bit floats, of which nothing has to be said.
    static let float32 = PrecisionChoice(elementType: .float32, notices: [])

    private init(elementType: ElementType, notices: [String]) {
        (self.elementType, self.notices) = (elementType, notices)
    }

    /// The choice for the hosts of a job.
    ///
    /// - Parameters:
    ///   - precision: What the configuration says.
    ///   - slowHosts: Those whose processors do not multiply `bfloat16`, each once.
    package init(_ precision: Precision, slowHosts: [String]) {
        let hosts = Self.words(slowHosts)
        switch precision {
        case .float32: self = .float32
        case .auto where slowHosts.isEmpty:
            self.init(
                elementType: .bfloat16,
                notices: [
                    "precision: bfloat16, as training.precision is auto and every host has \(Self.instructions)"
                ])
        case .auto:
            self.init(
                elementType: .float32,
                notices: [
                    "precision: float32, as training.precision is auto and \(hosts) without \(Self.instructions)"
                ])
        case .bfloat16 where slowHosts.isEmpty:
            self.init(elementType: .bfloat16, notices: ["precision: bfloat16"])
        case .bfloat16:
            self.init(
                elementType: .bfloat16,
                notices: [
                    "notice: precision: bfloat16, and \(hosts) without \(Self.instructions): \(Self.cost); "
                        + "training.precision: auto takes bfloat16 only where it is faster"
                ])
        }
    }

    /// Asks all ranks for their processors.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ precision: Precision, group: any ProcessGroup) throws {
        self.init(precision, slowHosts: precision == .float32 ? [] : try Self.slowHosts(of: group))
    }

    /// The hosts whose processors do not multiply `bfloat16`, each once, in rank order.
    private static func slowHosts(of group: any ProcessGroup) throws -> [String] {
        let hosts = try group.allGatherTexts(MathLibraries.multipliesBFloat16 ? "" : HostName.current)
        return hosts.reduce(into: []) { slow, host in
            if !host.isEmpty, !slow.contains(host) { slow.append(host) }
        }
    }

    /// Which instructions multiply it.
    static let instructions = "AVX512-BF16 or AMX"

    /// What it is worth where they are missing: measured on bottlenecks of ResNet-50, forward and backward, with AVX2.
    static let cost = "there it saves memory and no time, a step takes 1 to 1.1 times as long as with float32"

    private static func words(_ hosts: [String]) -> String {
        let named = hosts.prefix(4).joined(separator: ", ")
        let rest = hosts.count > 4 ? " and \(hosts.count - 4) others" : ""
        return "\(named)\(rest) \(hosts.count == 1 ? "is" : "are")"
    }
}
