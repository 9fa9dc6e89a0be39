import Comparisons
import Testing

/// Quantiles against scipy's `stats.t.isf` and `stats.norm.isf`.
struct DistributionTests {
    private static let tails = [0.25, 0.05, 0.025, 0.005, 1e-6, 1e-12]
    private static let student: [(Double, [Double])] = [
        (1, [1.0, 6.313751514675, 12.706204736175, 63.656741162872, 318309.88618274, 318309886183.79]),
        (
            2,
            [
                0.81649658092773, 2.9199855803537, 4.3026527297495, 9.9248432009183, 707.10572052593,
                707106.78118549,
            ]
        ),
        (
            4,
            [
                0.74069708411268, 2.1318467863267, 2.7764451051978, 4.60409487135, 41.577854150451,
                1316.0727465593,
            ]
        ),
        (
            9,
            [
                0.70272214675133, 1.8331129326562, 2.2621571627982, 3.2498355415921, 10.72016040991,
                51.414916023282,
            ]
        ),
        (
            99,
            [
                0.67697598554615, 1.660391156017, 1.9842169515864, 2.6264054572808, 5.0519739982525,
                8.036982609972,
            ]
        ),
    ]

    @Test func quantilesAreThoseOfTheReference() {
        for (degreesOfFreedom, quantiles) in Self.student {
            let distribution = StudentDistribution(degreesOfFreedom: degreesOfFreedom)
            for (tail, expected) in zip(Self.tails, quantiles) {
                let found = distribution.quantile(upperTail: tail)
                #expect(abs(found - expected) <= 1e-9 * expected, "\(degreesOfFreedom), \(tail): \(found)")
                #expect(abs(distribution.upperTail(expected) - tail) <= 1e-9 * tail)
            }
            #expect(distribution.quantile(upperTail: 0.5) == 0)
        }
        let normal = [
            0.67448975019608, 1.6448536269515, 1.9599639845401, 2.5758293035489, 4.7534243088229,
            7.0344838253011,
        ]
        for (tail, expected) in zip(Self.tails + [1e-200], normal + [30.20559417958]) {
            #expect(abs(NormalDistribution.quantile(upperTail: tail) - expected) <= 1e-10 * expected)
        }
    }
}
