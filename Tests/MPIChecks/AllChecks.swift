/// Every check, in the order in which they run. A new one needs a line here and nothing else.
let allChecks: [Check] = [
    // All-reduces
    Check(name: "all-reduce-every-type", body: allReduceEveryType),
    Check(name: "all-reduce-single-values", body: allReduceSingleValues),
    Check(name: "all-reduce-same-bits", body: allReduceSameBits),
    Check(name: "all-reduce-in-pieces", body: allReduceInPieces),
    Check(name: "all-reduce-nothing", body: allReduceNothing),
    Check(name: "all-reduce-during-work", body: allReduceDuringWork),
    Check(
        name: "all-reduce-during-work-that-fails", exitCode: 74, minimumRanks: 2,
        message: "staged: out of work",
        body: allReduceDuringWorkThatFails),

    Check(name: "background-all-reduce", body: backgroundAllReduce),
    Check(name: "background-all-reduces-together", body: backgroundAllReducesTogether),
    Check(name: "background-all-reduce-in-bfloat16", body: backgroundAllReduceInBFloat16),

    // All-reduces in two levels
    Check(name: "all-reduce-in-two-levels", body: allReduceInTwoLevels),
    Check(name: "all-reduce-in-two-levels-in-order", body: allReduceInTwoLevelsInOrder),
    Check(name: "all-reduce-in-two-levels-in-bfloat16", body: allReduceInTwoLevelsInBFloat16),
    Check(name: "all-reduce-in-two-levels-together", body: allReducesInTwoLevelsTogether),
    Check(name: "all-reduce-small-in-two-levels", body: smallAllReduceInTwoLevels),
    Check(name: "all-reduce-topology", body: allReduceTopology),
    Check(
        name: "killed-while-collecting", exitCode: 137, minimumRanks: 3,
        body: { try killedInTwoLevels($0, during: .collecting) }),
    Check(
        name: "killed-while-crossing", exitCode: 137, minimumRanks: 3,
        body: { try killedInTwoLevels($0, during: .crossing) }),
    Check(
        name: "killed-while-sharing", exitCode: 137, minimumRanks: 3,
        body: { try killedInTwoLevels($0, during: .sharing) }),

    // Broadcasts
    Check(name: "broadcast-every-root", body: broadcastEveryRoot),
    Check(name: "broadcast-every-type", body: broadcastEveryType),
    Check(name: "broadcast-lengths", body: broadcastLengths),
    Check(name: "broadcast-in-pieces", body: broadcastInPieces),
    Check(name: "broadcast-within-hosts", body: broadcastWithinHosts),

    // All-gathers
    Check(name: "all-gather-every-type", body: allGatherEveryType),
    Check(name: "all-gather-uneven", body: allGatherUneven),
    Check(name: "all-gather-nothing", body: allGatherNothing),
    Check(name: "all-gather-in-pieces", body: allGatherInPieces),

    // Order
    Check(name: "barrier", body: barrier),
    Check(name: "group", body: groupItself),
    Check(name: "duplicate-on-thread", body: duplicateOnThread),
    Check(name: "split", body: split),

    // Hosts whose processors have vectors of different width
    Check(name: "blocks-are-as-forced", body: blocksAreAsForced),
    Check(name: "mixed-blocks-resnet", minimumRanks: 2, body: mixedBlocksResNet),
    Check(name: "mixed-blocks-efficientnet", minimumRanks: 3, body: mixedBlocksEfficientNet),
    Check(name: "mixed-blocks-methods", minimumRanks: 2, body: mixedBlocksMethods),

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

    // Ranks that stop or hang: the whole job must end, and must not where nothing is wrong
    Check(
        name: "stall-stopped-rank", exitCode: 76, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 1 of RANKS on host HOST gives no sign of life for 2 s",
        body: stallStoppedRank),
    Check(
        name: "stall-stopped-rank-zero", exitCode: 76, minimumRanks: 2,
        environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 0 of RANKS on host HOST gives no sign of life for 2 s",
        body: stallStoppedRankZero),
    Check(
        name: "stall-hanging-rank", exitCode: 76, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 1 of RANKS on host HOST has not joined all-gather",
        body: stallHangingRank),
    Check(
        name: "stall-hanging-rank-zero", exitCode: 76, minimumRanks: 2,
        environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 0 of RANKS on host HOST has not joined all-reduce",
        body: stallHangingRankZero),
    Check(
        name: "stall-background-all-reduce", exitCode: 76, minimumRanks: 2,
        environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 1 of RANKS on host HOST has not joined all-reduce of gradients",
        body: stallBackgroundAllReduce),
    Check(
        name: "stall-during-work", exitCode: 76, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 1 of RANKS on host HOST has not joined", body: stallDuringWork),
    Check(
        name: "stall-before-the-end", exitCode: 76, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        message: "rank 1 of RANKS on host HOST has not joined the end of the program",
        body: stallBeforeTheEnd),
    Check(
        name: "stall-other-collectives", exitCode: 76, minimumRanks: 2,
        environment: "BALLAST_STALL_SECONDS=2",
        message:
            "is not complete after 2 s, though no rank stays away from it: rank 0 on host HOST in barrier",
        body: stallOtherCollectives),
    Check(
        name: "stall-killed-rank", exitCode: 137, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        body: stallKilledRank),
    Check(
        name: "stall-busy-rank", exitCode: 0, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        body: stallBusyRank),
    Check(
        name: "stall-busy-part", exitCode: 0, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        body: stallBusyPart),
    Check(
        name: "stall-busy-files", exitCode: 0, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        body: stallBusyFiles),
    Check(name: "work-on-files-notes-progress", body: workOnFilesNotesProgress),
    Check(
        name: "stall-suspended-job", exitCode: 0, minimumRanks: 2, environment: "BALLAST_STALL_SECONDS=2",
        body: stallSuspendedJob),
    Check(
        name: "stall-limit-is-wrong", exitCode: 64, environment: "BALLAST_STALL_SECONDS=soon",
        message: "ballast: BALLAST_STALL_SECONDS is \"soon\"; expected after how many seconds",
        body: stallLimitIsWrong),
]

/// What goes on until something from outside gets in its way: see Tests/run-cluster-checks.sh. Not in the list.
let disturbedChecks = [Check(name: "stall-forever", exitCode: 76, minimumRanks: 2, body: stallForever)]
