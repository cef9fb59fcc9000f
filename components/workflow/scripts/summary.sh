#!/usr/bin/env bash
# The job's summary: what the image is, and how to get it.
set -euo pipefail
cat >>"$GITHUB_STEP_SUMMARY" <<END
## $TITLE

| image | tags |
| --- | --- |
| \`$IMAGE@$DIGEST\` | ${TAGS// /, } |

${NOTE:-}

\`\`\`sh
docker pull $IMAGE@$DIGEST
\`\`\`
END
