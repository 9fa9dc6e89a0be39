import ProcessGroups

/// An error that declares no exit code.
private struct UndeclaredError: Error {}

func rankFailsAlone(_ checker: Checker) throws {
    if checker.group.rank == 1 {
        throw StagedError(description: "staged: out of luck", exitCode: 74)
    }
    try checker.group.barrier()
}

func rankFailsUndeclared(_ checker: Checker) throws {
    let group = checker.group
    if group.rank == group.size - 1 { throw UndeclaredError() }
    _ = try group.allReduce(Float(1))
}

/// The same error by itself on every rank, without agreement: rank 0 comes first, and ends the others.
func everyRankFails(_ checker: Checker) throws {
    let group = checker.group
    if group.rank > 0 { try group.barrier() }
    throw StagedError(description: "staged: rank \(group.rank) fails by itself", exitCode: 64)
}
