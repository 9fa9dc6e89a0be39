#!/usr/bin/env bash
# Installs what Ballast needs from Debian, if it is missing: MPI, BLAS, LAPACK, oneDNN, zlib, OpenSSL, libjpeg-turbo,
# libpng and the data set of the quickstart; with --tests also what only launch/test.sh needs: iproute2, ssh,
# rsync, slurm-wlm and munge for jobs over several hosts, shellcheck, and chromium and python3, which open reports; with --photos what launch/photos.sh needs: pictures, Pillow and pip.
# Needs root, or sudo, only when something is missing. Swift itself must be there.
set -euo pipefail

packages=(
    libopenmpi-dev openmpi-bin libopenblas-dev liblapacke-dev libdnnl-dev zlib1g-dev libssl-dev
    libjpeg62-turbo-dev libpng-dev pkg-config dataset-fashion-mnist
)
case "$*" in
'') ;;
--tests) packages+=(iproute2 openssh-client dropbear-bin rsync slurm-wlm munge shellcheck chromium python3) ;;
--photos) packages+=(tuxpaint-stamps-default python3-pil python3-pip unzip) ;;
*) echo "usage: launch/install.sh [--tests | --photos]" >&2; exit 64 ;;
esac
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing: ${missing[*]}"
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
command -v swift >/dev/null || {
    echo "swift is missing: install Swift 6.3 or later from https://www.swift.org/install and put it on the PATH" >&2
    exit 69
}
