#!/usr/bin/env bash
# Format and style: swift-format for what is Swift, shellcheck for what is shell.
#   Tests/run-style-checks.sh
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
cd "$(dirname "$0")/.." || exit
begin_suite Style
time_limit=300
check "Swift; 'swift format --in-place --recursive Package.swift Sources Tests' mends most" 0 "" \
    swift format lint --strict --recursive Package.swift Sources Tests
check "shell" 0 "" \
    shellcheck --external-sources launch/*.sh launch/slurm.sbatch Tests/*.sh Tests/cluster/*.sh .ci/run
expect_checks 2
end_suite
