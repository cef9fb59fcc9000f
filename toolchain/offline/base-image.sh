#!/usr/bin/env bash
# Makes a stand-in for the official image python:3.11.2-bullseye of Debian packages, for machines
# that cannot reach Docker Hub: bookworm's python3 is exactly 3.11.2. A Dockerfile written for
# the official image builds unchanged.
#   base-image.sh IMAGE      needs root, docker, debootstrap
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
image=$1
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT

# As in the official image: a compiler, headers and tools, to build packages without a wheel.
packages=python3,python3-dev,python3-pip,python3-venv,build-essential,ca-certificates,curl,git,wget
debootstrap --variant=minbase --include="$packages" bookworm "$root" >"$root.log" 2>&1 ||
    { tail -20 "$root.log" >&2; exit 1; }
rm -f "$root.log"

# What the official image has besides: unversioned commands, and a pip that installs system-wide.
ln -sf python3 "$root/usr/bin/python"
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED

# The machine's own certificate authorities: pip may reach the package index through a proxy.
if [[ -r /etc/ssl/certs/ca-certificates.crt ]]; then
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
fi
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

tar -C "$root" --numeric-owner -c . | docker import \
    --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV LANG=C.UTF-8' --change 'ENV PYTHON_VERSION=3.11.2' \
    --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' --change 'CMD ["python3"]' \
    --change "LABEL org.opencontainers.image.title=\"stand-in for $image from Debian bookworm\"" \
    - "$image" >/dev/null
