#!/usr/bin/env bash
# Installs what is missing, builds and runs every test: format, unit tests, programs over 1, 2 and 3 ranks.
# The last line counts all suites together: "N passed, N failed".
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit

launch/install.sh || exit
swift format lint --strict --recursive Package.swift Sources Tests || {
    echo "style: run 'swift format --in-place --recursive Package.swift Sources Tests'" >&2
    exit 1
}
swift build -c release --build-tests --explicit-target-dependency-import-check error || exit
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

# Two test targets at a time in one process would share the pool of memory that one of them counts.
swift test -c release --skip-build 2>&1 | tee "$log/unit"
unit_status=${PIPESTATUS[0]}
OMP_NUM_THREADS=1 Tests/run-mpi-checks.sh .build/release 2>&1 | tee "$log/mpi"
mpi_status=${PIPESTATUS[0]}

# Swift Testing ends with "Test run with N tests in M suites passed" or "… failed … with K issues".
unit_total=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$log/unit" | tail -n 1)
unit_failed=$(grep -cE '^.{1,5}Test .* failed after ' "$log/unit")
read -r mpi_passed mpi_failed < <(sed -n 's/^MPI checks: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log/mpi" | tail -n 1)
passed=$((${unit_total:-0} - unit_failed + ${mpi_passed:-0}))
failed=$((unit_failed + ${mpi_failed:-0}))
status=0
if [ "$unit_status" -ne 0 ] || [ "$mpi_status" -ne 0 ] || [ "${unit_total:-0}" -eq 0 ] || [ "${mpi_passed:-0}" -eq 0 ]; then
    status=1
    [ "$failed" -gt 0 ] || failed=1
fi
if grep -qiE 'skipped' "$log/unit" "$log/mpi"; then
    echo "tests were skipped: each must run" >&2
    status=1
fi
echo "$passed passed, $failed failed"
exit "$status"
