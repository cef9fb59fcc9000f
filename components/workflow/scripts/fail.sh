#!/usr/bin/env bash
set -euo pipefail

# fail TITLE MESSAGE…: ends the step with one annotation: the cause, and what to do.
fail() {
    local message=${*:2}
    message=${message//'%'/%25}
    message=${message//$'\r'/%0D}
    echo "::error title=$1::${message//$'\n'/%0A}" >&2
    echo explained=true >>"$GITHUB_OUTPUT"
    exit 1
}
