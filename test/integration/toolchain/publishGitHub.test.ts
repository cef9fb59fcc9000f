import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const script = join(import.meta.dirname, "../../../toolchain/release/publish-github.sh");
const files = { SHA256SUMS: "sums", "mlops-1.0.0.tgz": "program" };
const notes = "https://github.com/acme/platform/blob/v1.0.0/CHANGELOG.md";

/** GitHub's command line for one tag, of a repository whose only release is in a file. */
const gh = `#!/usr/bin/env bash
set -eu
change() { jq "$@" "$RELEASE" >"$RELEASE.new" && mv "$RELEASE.new" "$RELEASE"; }
echo "$2" >>"$LOG"
[[ -z $ERROR ]] || { echo "$ERROR" >&2 && exit 1; }
[[ $2 == create || -e $RELEASE ]] || { echo "release not found" >&2 && exit 1; }
case "$*" in
"release view v1.0.0 --json assets --jq "*) jq --raw-output "$7" "$RELEASE" ;;
"release create v1.0.0 --draft --verify-tag --title v1.0.0 --notes ${notes}")
    echo '{"isDraft": true, "assets": []}' >"$RELEASE"
    ;;
"release upload v1.0.0 "*" --clobber")
    for file in "\${@:4:$#-4}"; do
        change --arg name "\${file##*/}" --arg sum "$(sha256sum "$file" | cut -c -64)" '.assets |=
            map(select(.name != $name)) + [{$name, state: "uploaded", digest: "sha256:\\($sum)"}]'
    done
    ;;
"release edit v1.0.0 --draft=false") change '.isDraft = false' ;;
*) echo "unknown: $*" >&2 && exit 1 ;;
esac
`;

interface Asset {
    readonly name: string;
    readonly state: "uploaded" | "starter";
    readonly digest: string | null;
}
interface Release {
    readonly isDraft: boolean;
    readonly assets: readonly Asset[];
}

function uploaded(name: string, content: string): Asset {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    return { name, state: "uploaded", digest };
}

const assets = Object.entries(files).map(([name, content]) => uploaded(name, content));
const [sums, program] = assets as [Asset, Asset];
const complete: Release = { isDraft: false, assets };

describe("the release on GitHub", () => {
    let folder: string;

    /** Releases, where GitHub has a release. @returns the release then, and the calls of gh */
    function publish(release?: Release, error = "") {
        const [state, log] = [join(folder, "release"), join(folder, "log")];
        for (const file of [state, log]) rmSync(file, { force: true });
        if (release) writeFileSync(state, JSON.stringify(release));
        const { status, stderr } = spawnSync(script, ["v1.0.0", join(folder, "dist")], {
            env: {
                ...process.env,
                ...{ RELEASE: state, LOG: log, ERROR: error },
                GITHUB_SERVER_URL: "https://github.com",
                GITHUB_REPOSITORY: "acme/platform",
                PATH: [join(folder, "bin"), process.env["PATH"]].join(delimiter),
            },
            encoding: "utf8",
        });
        const calls = readFileSync(log, "utf8").trim().split("\n");
        const after: unknown = existsSync(state)
            ? JSON.parse(readFileSync(state, "utf8"))
            : undefined;
        return { status, stderr, calls, after };
    }

    before(() => {
        folder = mkdtempSync(join(tmpdir(), "publish-"));
        for (const name of ["bin", "dist"]) mkdirSync(join(folder, name));
        writeFileSync(join(folder, "bin/gh"), gh, { mode: 0o755 });
        for (const [name, content] of Object.entries(files))
            writeFileSync(join(folder, "dist", name), content);
    });
    after(() => {
        rmSync(folder, { recursive: true });
    });

    it("is public once it has every file", () => {
        const { calls, ...others } = publish();
        deepEqual(others, { status: 0, stderr: "", after: complete });
        deepEqual(calls, ["view", "create", "upload", "edit"]);
    });

    for (const [what, release] of [
        ["a draft that an ended run has left", { isDraft: true, assets: [sums] }],
        ["a draft with all files", { isDraft: true, assets }],
        ["a release without files, made on GitHub's page", { isDraft: false, assets: [] }],
        [
            "a file of which only a part was uploaded",
            { isDraft: true, assets: [sums, { ...program, state: "starter", digest: null }] },
        ],
    ] satisfies [string, Release][])
        it(`completes ${what}`, () => {
            const { status, stderr, after } = publish(release);
            deepEqual({ status, stderr, after }, { status: 0, stderr: "", after: complete });
        });

    it("stays as it is when it is complete", () => {
        const { calls, after } = publish(complete);
        deepEqual(after, complete);
        deepEqual(calls, ["view", "edit"]);
    });

    it("is not changed if it has a file with another content, and what to do is said", () => {
        const other = { isDraft: true, assets: [uploaded("mlops-1.0.0.tgz", "other")] };
        const { status, stderr, calls, after } = publish(other);
        equal(status, 1);
        equal(
            stderr,
            "The release v1.0.0 on GitHub has another mlops-1.0.0.tgz: remove the release there, and " +
                "run this job again. If npm or PyPI has packages of it, release a new version " +
                "instead.\n",
        );
        deepEqual(after, other);
        deepEqual(calls, ["view"]);
    });

    it("is not made a second time if GitHub does not tell whether there is one", () => {
        const { status, stderr, calls } = publish(undefined, "HTTP 502: Bad Gateway");
        equal(status, 1);
        match(stderr, /HTTP 502/);
        deepEqual(calls, ["view"]);
    });
});
