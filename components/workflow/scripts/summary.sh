#!/usr/bin/env bash
# Writes the job summary: the image, its tags, and how to pull it.
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
