#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test:
#
#     launch/test.sh            what takes minutes: at most 20 on two cores
#     launch/test.sh --all      the same, and what takes longer: at most 90
#
# Tests/README.md says what each suite is and how to run one. The last line counts all suites together:
# "N passed, N failed". As root, jobs over several hosts, and of Slurm, are among them; else their suites say that they are not run.
set -uo pipefail
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit

case "$*" in
'') all='' ;;
--all) all=1 ;;
*) echo "usage: launch/test.sh [--all]" >&2; exit 64 ;;
esac

launch/install.sh --tests || exit
swift build -c release --build-tests --explicit-target-dependency-import-check error || exit
log=$(mktemp) || exit
trap 'rm -f "$log"' EXIT
passed=0 failed=0

# Runs a suite, a command whose last line is "NAME checks: N passed, N failed", and adds up what it counted.
suite() { # COMMAND…
    local began=$SECONDS code suite_passed='' suite_failed=''
    echo "--- $*"
    "$@" 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    read -r suite_passed suite_failed < <(
        sed -n 's/^.* checks: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
    passed=$((passed + ${suite_passed:-0}))
    failed=$((failed + ${suite_failed:-0}))
    if [ "$code" -ne 0 ] && [ "${suite_failed:-0}" -eq 0 ]; then
        failed=$((failed + 1))
        echo "FAILED  $* ended with $code, and no check says why"
    fi
    if grep -qi 'skipped' "$log"; then
        failed=$((failed + 1))
        echo "FAILED  $*: tests were skipped, but each must run"
    fi
    echo "--- $*: $((SECONDS - began)) s"
}

suite Tests/run-style-checks.sh
suite Tests/run-unit-tests.sh release
suite Tests/run-mpi-checks.sh .build/release
suite Tests/run-launch-checks.sh
suite Tests/run-cluster-checks.sh .build/release
suite Tests/run-slurm-checks.sh .build/release
suite Tests/run-checkpoint-checks.sh .build/release
suite Tests/run-client-package.sh
if [ -n "$all" ]; then
    # Every fault for the method with the most state, and for each method kills in a step and around a save.
    suite Tests/run-fault-table.sh .build/release bi-tuning
    suite env FAULT_POINTS="backward half-written before-rename" FAULT_KINDS=sigkill \
        Tests/run-fault-table.sh .build/release
    suite Tests/run-save-checks.sh .build/release
    suite Tests/run-hostfile-fuzz.sh
    suite .build/release/ReaderFuzz
    suite env BALLAST_FUZZ_CASES=5000 Tests/run-unit-tests.sh release HostileCheckpointTests
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
