/// Every check, in the order in which they run. A new one needs a line here and nothing else.
let allChecks: [Check] = [
    // Sums
    Check(name: "sum-every-type", body: sumEveryType),
    Check(name: "sum-single-values", body: sumSingleValues),
    Check(name: "sum-same-bits", body: sumSameBits),
    Check(name: "sum-in-pieces", body: sumInPieces),
    Check(name: "sum-nothing", body: sumNothing),

    Check(name: "background-sum", body: backgroundSum),
    Check(name: "background-sums-together", body: backgroundSumsTogether),
    Check(name: "background-sum-in-half", body: backgroundSumInHalf),

    // Broadcasts
    Check(name: "broadcast-every-root", body: broadcastEveryRoot),
    Check(name: "broadcast-every-type", body: broadcastEveryType),
    Check(name: "broadcast-lengths", body: broadcastLengths),
    Check(name: "broadcast-in-pieces", body: broadcastInPieces),

    // Gathers
    Check(name: "gather-every-type", body: gatherEveryType),
    Check(name: "gather-uneven", body: gatherUneven),
    Check(name: "gather-nothing", body: gatherNothing),
    Check(name: "gather-in-pieces", body: gatherInPieces),

    // Order
    Check(name: "barrier", body: barrier),
    Check(name: "group", body: groupItself),
    Check(name: "duplicate-on-thread", body: duplicateOnThread),

    // Failures that all ranks share
    Check(name: "coordinate", body: coordinate),
    Check(
        name: "coordinate-fails", exitCode: 65, message: "ballast: staged: rank 0 cannot read",
        body: coordinateFails),
    Check(name: "agree", body: agree),
    Check(name: "agree-names-ranks", minimumRanks: 2, body: agreeNamesRanks),
    Check(
        name: "agree-fails", exitCode: 74, minimumRanks: 2, message: "staged: rank 1 has no data",
        body: agreeFails),

    // Failures of one rank, while the others wait: the whole job must end
    Check(
        name: "rank-fails-alone", exitCode: 74, minimumRanks: 2, message: "staged: out of luck",
        body: rankFailsAlone),
    Check(
        name: "rank-fails-undeclared", exitCode: 70, minimumRanks: 2, message: "UndeclaredError",
        body: rankFailsUndeclared),
    Check(
        name: "every-rank-fails", exitCode: 64, message: "staged: rank 0 fails by itself",
        body: everyRankFails),
]
