#!/usr/bin/env bash
# Runs the unit tests of all targets, or of those whose names match a pattern, and counts them as the other suites do.
#   Tests/run-unit-tests.sh CONFIGURATION [PATTERN]        for example release TensorsTests
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
configuration=${1:?usage: Tests/run-unit-tests.sh CONFIGURATION [PATTERN]}
begin_suite Unit
cd "$(dirname "$0")/.." || exit
OMP_NUM_THREADS=1 swift test -c "$configuration" --skip-build ${2:+--filter "$2"} 2>&1 | tee "$output"
code=$?
# Swift Testing ends with "Test run with N tests in M suites passed" or "… failed … with K issues".
total=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\}.*/\1/p' "$output" | tail -n 1)
failed=$(grep -aE '^.{1,5}Test .* failed after ' "$output" | grep -acv 'Test run with ')
passed=$((${total:-0} - failed))
if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
    echo "swift test ended with $code, and no test says why" >&2
    failed=1
fi
end_suite
