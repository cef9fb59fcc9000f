#!/usr/bin/env bash
# Names the step that failed without a message of its own, and what to do.
while read -r outcome message; do
    [[ $outcome != failure ]] || fail Step "$message"
done <<<"$STEPS"
fail Step "A step failed: its output says why."
