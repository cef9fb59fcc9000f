#!/usr/bin/env bash
set -euo pipefail

# fail TITLE MESSAGE…: ends the step with one annotation: the cause, and what to do. What servers
# say in it is cut, and loses what would change a page or a terminal.
fail() {
    local message=${*:2} visible='gsub("(?!\n)[\\p{Cc}\\p{Cf}]"; "")'
    visible+=' | if length > 2000 then .[:1000] + "…" + .[-1000:] else . end'
    message=$(jq --raw-input --slurp --raw-output "$visible" <<<"$message") || message=${*:2}
    message=${message//'%'/%25}
    message=${message//$'\r'/%0D}
    echo "::error title=$1::${message//$'\n'/%0A}" >&2
    echo explained=true >>"$GITHUB_OUTPUT"
    exit 1
}
