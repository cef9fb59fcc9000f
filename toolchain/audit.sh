#!/usr/bin/env bash
# Asks npm's registry and PyPI for known vulnerabilities of the pinned packages, and fails if there
# are any. A registry that does not answer is left out, and named.
#   audit.sh      needs Node.js, and Python 3.10 or newer with venv
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 0 "$@"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# ask WHAT COMMAND...: runs COMMAND and shows its report.
ask() {
    local report
    report=$("${@:2}" 2>&1) || case $report in
    *'# npm audit report'* | *' known vulnerabilit'*) status=1 ;;
    *) report="left out, because the registry does not answer: $report" ;;
    esac
    printf '%s: %s\n' "$1" "$report"
}

# What only the tests use runs without a secret.
ask npm npm audit --omit=dev --audit-level=high
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
    -r toolchain/audit/requirements.txt
folders=(service components/identity contract/python examples/quay toolchain/audit \
    toolchain/offline/linters)
for file in $(printf '%s/requirements*.txt\n' "${folders[@]}"); do
    ask "$file" "$work/venv/bin/pip-audit" --disable-pip --require-hashes --progress-spinner off \
        --requirement "$file"
done
exit "$status"
