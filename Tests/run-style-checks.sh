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
# Scripts are what begins as one; .git and .build are not looked at.
mapfile -t scripts < <(
    find . -type f -not -path './.*/*' -o -type f -path './.ci/*' | sort \
        | xargs -d '\n' awk 'FNR == 1 && /^#!.*sh$|^# shellcheck shell=/ { print FILENAME }'
)
verdict "scripts are found" "$([ ${#scripts[@]} -ge 20 ] || echo "only ${#scripts[@]}")"
check "shell" 0 "" shellcheck --external-sources "${scripts[@]}"
# A warning is turned off for one place, with the reason beside it.
same "each shellcheck that is turned off has its reason" \
    "$(grep -nE '^ *# shellcheck .*disable=' "${scripts[@]}" | grep -vE 'disable=SC[0-9]+(,SC[0-9]+)* # [A-Za-z].*\.$')" ""
expect_checks 4
end_suite
