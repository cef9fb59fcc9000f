#!/usr/bin/env bash
# Fails unless the commit that is checked out may be released under a git tag: the tag names the
# version of package.json, CHANGELOG.md has that version, and the commit is on the default branch of
# the remote repository "origin".
#   check-tag.sh TAG BRANCH
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 2 "$@"
tag=$1 branch=$2

refuse() { echo "$tag is not released: $1" >&2 && exit 1; }
version=$(node --print 'JSON.parse(fs.readFileSync("package.json", "utf8")).version')
[[ $tag == "v$version" ]] ||
    refuse "package.json has the version $version. Tag the commit that has the tag's version."
grep -q "^## ${version//./\\.} - " CHANGELOG.md ||
    refuse "CHANGELOG.md has no heading \"## $version - DATE\". Give \"Unreleased\" this heading."
git merge-base --is-ancestor HEAD "refs/remotes/origin/$branch" ||
    refuse "its commit is not on the branch $branch. Tag a commit that was merged."
echo "$tag may be released."
