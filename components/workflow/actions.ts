import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A GitHub action, pinned to a commit: a tag can be moved, a commit cannot. */
export interface Action {
    /** `owner/repository`. */
    readonly repository: string;
    /** The release that the commit is tagged with: a comment in the file, which bots update. */
    readonly release: string;
    /** The commit, 40 hexadecimal digits, read from the repository's tags. */
    readonly commit: string;
}

const pins = readFileSync(join(import.meta.dirname, "pins/action.yml"), "utf8");

export const checkout = pinned("actions/checkout");
export const setupBuildx = pinned("docker/setup-buildx-action");
export const buildPush = pinned("docker/build-push-action");
export const attest = pinned("actions/attest");
export const createAppToken = pinned("actions/create-github-app-token");
export const cosignInstaller = pinned("sigstore/cosign-installer");

/** @throws Error where the file has no commit of the action, with its release. */
function pinned(repository: string): Action {
    const line = new RegExp(`uses: ${repository}@([0-9a-f]{40}) # (v[\\d.]+)$`, "m");
    const [, commit, release] = line.exec(pins) ?? [];
    if (commit === undefined || release === undefined)
        throw new Error(`components/workflow/pins/action.yml has no commit of ${repository}.`);
    return { repository, release, commit };
}
