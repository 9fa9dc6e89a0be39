#!/usr/bin/env bash
# Opens pages of `ballast report` in Chromium, at three widths, light and dark: nothing is cut off, every link leads
# somewhere, the console is silent, nothing is asked for elsewhere, names that want to be markup are text.
#   Tests/run-report-checks.sh BUILD
# With SCREENSHOTS=FOLDER, absolute, pictures of the pages stay there.
# shellcheck source=Tests/harness.sh
. "$(dirname "$0")/harness.sh"
build=$(realpath "$1") && cd "$(dirname "$0")/.." || exit
begin_suite Report
need_programs "$build/ballast"
allow_mpi
browser=''
for name in chromium chromium-browser google-chrome; do
    if [ -z "$browser" ]; then browser=$(command -v "$name" || true); fi
done
if [ -z "$browser" ] || ! command -v python3 >/dev/null; then
    verdict "a browser is there" "chromium or python3 is missing: launch/install.sh --tests installs them"
    end_suite
fi
pages=("$work"/pages/{whole,few,several,comparison,killed}.html)
looks=$work/looks
mkdir "$work/pages" "$work/browser"
shown=("$output" "$looks" "$work/errors")

check "runs are written" 0 "" python3 Tests/browser/runs.py "$work/runs"
runs=$work/runs
report() { # PAGE RUN…
    check "a page of ${*:2}" 0 "wrote " "$build/ballast" report "${@:2}" -o "$work/pages/$1.html"
}
cd "$runs" || exit
report whole whole
report few few
report several seed-0 seed-1 seed-2 killed whole
report comparison comparison
report killed killed seed-0
cd - >/dev/null || exit

python3 Tests/browser/look.py "$browser" "$work/browser" "${pages[@]}" >"$looks" 2>"$work/errors"
while IFS=$'\t' read -r label problem; do
    verdict "$label" "$problem"
done <"$looks"
expect_checks $((6 + 5 * 25))
end_suite
