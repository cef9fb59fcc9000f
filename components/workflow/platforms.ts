/** The runner of each platform that GitHub has runners of: an image is tested where it runs. */
export const runners = {
    "linux/amd64": "ubuntu-24.04",
    "linux/arm64": "ubuntu-24.04-arm",
} as const;

/** A platform that a workflow can build beside others. */
export type Platform = keyof typeof runners;

/** Returns the part of a platform that names it in ids and tags, as in `arm64`. */
export function architectureOf(platform: Platform): string {
    return platform.replace("linux/", "");
}
