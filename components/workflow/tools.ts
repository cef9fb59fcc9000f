/** What builds and signs images in a workflow, pinned: a tag can be moved, a digest cannot. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const pins = readFileSync(join(import.meta.dirname, "pins/Dockerfile"), "utf8");

/** The release of buildx that builds. */
export const buildx = "v0.36.1";
/** The image of BuildKit, the builder. */
export const buildkit = pinned("moby/buildkit");
/** The image that lists an image's packages. */
export const sbomScanner = pinned("docker/buildkit-syft-scanner");
/** The release of cosign that signs. Its installer has this release's checksum. */
export const cosign = "v3.0.6";

/** @throws Error where the file has no digest of the image. */
function pinned(image: string): string {
    const line = new RegExp(`^FROM (${image}:[\\w.]+@sha256:[0-9a-f]{64})$`, "m");
    const [, reference] = line.exec(pins) ?? [];
    if (reference === undefined)
        throw new Error(`components/workflow/pins/Dockerfile has no digest of ${image}.`);
    return reference;
}
