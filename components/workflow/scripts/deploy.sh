#!/usr/bin/env bash
# Asks the infrastructure's repository to deploy the image of this commit, and waits for what it
# says: the commit's status deploy/STACK.

# api TOKEN PATH [OPTION...]: sends a request to GitHub's API. Sets `status` and `answer`.
api() {
    local file
    file=$(mktemp)
    # The token by a file descriptor: other processes can read a command line.
    status=$(curl --silent --show-error --retry 3 --max-time 30 --output "$file" \
        --write-out '%{http_code}' --header @<(printf 'Authorization: Bearer %s' "$1") \
        --header 'Accept: application/vnd.github+json' "$API/repos/$2" "${@:3}") ||
        fail Deploy "$API did not answer. Run this job again."
    answer=$(<"$file")
}

# Prints the newest status of the commit in this context as JSON, or nothing.
newest_status() {
    api "$OWN_TOKEN" "$REPOSITORY/commits/$COMMIT/statuses?per_page=100"
    [[ $status == 200 ]] ||
        fail Deploy "The statuses of $COMMIT cannot be read: GitHub answered $status."
    jq --compact-output --arg context "deploy/$STACK" \
        'map(select(.context == $context)) | first // empty' <<<"$answer"
}

id_of() { jq --raw-output '.id // 0' <<<"${1:-"{}"}"; }

newest=$(newest_status)
before=$(id_of "$newest")

api "$TOKEN" "$INFRASTRUCTURE"
[[ $status == 200 ]] ||
    fail Deploy "$INFRASTRUCTURE cannot be read (GitHub answered $status): install the GitHub" \
        "App on it."
branch=$(jq --raw-output .default_branch <<<"$answer")
api "$TOKEN" "$INFRASTRUCTURE/actions/workflows/deploy.yml/dispatches" --data \
    "$(jq --null-input --arg ref "$branch" --arg commit "$COMMIT" '{$ref, inputs: {$commit}}')"
case $status in
2??) echo "Asked $INFRASTRUCTURE to deploy $COMMIT." ;;
404) fail Deploy "$INFRASTRUCTURE has no workflow deploy.yml on its branch $branch, or the token \
may not see it." ;;
401 | 403) fail Deploy "The token may not start deploy.yml in $INFRASTRUCTURE: it needs the \
permission Actions: write." ;;
*) fail Deploy "deploy.yml in $INFRASTRUCTURE could not be started: GitHub answered $status." ;;
esac

deadline=$((SECONDS + TIMEOUT))
runs="$SERVER/$INFRASTRUCTURE/actions/workflows/deploy.yml"
while :; do
    newest=$(newest_status)
    if [[ $(id_of "$newest") != "$before" ]]; then
        state=$(jq --raw-output .state <<<"$newest")
        [[ $state == pending ]] || break
    fi
    ((SECONDS < deadline)) || fail Deploy "Nothing has said within $((TIMEOUT / 60)) min whether \
$COMMIT was deployed. Look at the runs: $runs"
    sleep 3
done

# From another repository: one line, without commands to the runner and what is not seen.
one_line='.description // "" | gsub("[\\s\\p{Cc}\\p{Cf}]+"; " ") | .[0:140]'
text=$(jq --raw-output "$one_line" <<<"$newest")
url=$(jq --raw-output '.target_url // ""' <<<"$newest")
[[ $url =~ ^https?://[^[:space:]]+$ ]] || url=$runs
[[ $state == success ]] || fail Deploy "$STACK was not deployed: $text $url"
echo "::notice title=Deploy::$STACK: $text $url"
printf '## Deployed to %s\n\n%s\n\n%s\n' "$STACK" "$text" "$url" >>"$GITHUB_STEP_SUMMARY"
echo "url=$url" >>"$GITHUB_OUTPUT"
