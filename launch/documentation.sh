#!/usr/bin/env bash
# Builds the documentation, articles and all public symbols of the module Training, as pages for a web browser:
#
#     launch/documentation.sh [FOLDER] [--configuration debug|release]
#
# FOLDER is .build/documentation if none is named. Look at it with
#
#     python3 -m http.server --directory FOLDER
#
# at http://localhost:8000/documentation/training. A warning is an error. Needs no package but the docc of the toolchain.
set -euo pipefail
usage() { sed -n '4p' "$0" | sed 's/^# */usage: /' >&2; exit 64; }
folder='' configuration=release
while [ $# -gt 0 ]; do
    case $1 in
    --configuration)
        [ $# -gt 1 ] || usage
        configuration=$2
        shift ;;
    -*) usage ;;
    *) [ -z "$folder" ] || usage; folder=$(realpath -m -- "$1") ;;
    esac
    shift
done
case $configuration in debug | release) ;; *) usage ;; esac
CDPATH='' cd -- "$(dirname -- "$0")/.."
folder=${folder:-$PWD/.build/documentation}

[ -e ".build/$configuration/Modules/Training.swiftmodule" ] || swift build -c "$configuration" --target Training
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
headers=()
for module in Sources/C*/module.modulemap; do headers+=(-I "${module%/*}"); done
read -r -a libraries <<<"$(pkg-config --cflags-only-I ompi-c openblas)"
headers+=("${libraries[@]}")
swift symbolgraph-extract -module-name Training -I ".build/$configuration/Modules" "${headers[@]}" \
    -target "$(uname -m)-unknown-linux-gnu" -minimum-access-level public -skip-synthesized-members -output-dir "$graphs"
docc=$(command -v docc) || docc=$(dirname "$(realpath "$(command -v swift)")")/docc
"$docc" convert Sources/Training/Documentation.docc --additional-symbol-graph-dir "$graphs" \
    --fallback-display-name Ballast --fallback-bundle-identifier ballast --warnings-as-errors \
    --transform-for-static-hosting --output-path "$folder"
