/** A GitHub action, pinned to a commit: a tag can be moved, a commit cannot. */
export interface Action {
    /** `owner/repository`. */
    readonly repository: string;
    /** The release that the commit is tagged with: a comment in the file, which bots update. */
    readonly release: string;
    /** The commit, 40 hexadecimal digits, read from the repository's tags. */
    readonly commit: string;
}

export const checkout: Action = {
    repository: "actions/checkout",
    release: "v7.0.1",
    commit: "3d3c42e5aac5ba805825da76410c181273ba90b1",
};
export const setupBuildx: Action = {
    repository: "docker/setup-buildx-action",
    release: "v4.3.0",
    commit: "37fe631027851001ddb9b187196cc803df7f5f0e",
};
export const buildPush: Action = {
    repository: "docker/build-push-action",
    release: "v7.3.0",
    commit: "53b7df96c91f9c12dcc8a07bcb9ccacbed38856a",
};
export const attest: Action = {
    repository: "actions/attest",
    release: "v4.2.2",
    commit: "1e69f48acb82d1966a394da916b4c1698aa569d6",
};
export const createAppToken: Action = {
    repository: "actions/create-github-app-token",
    commit: "1b10c78c7865c340bc4f6099eb2f838309f1e8c3",
    release: "v3.1.1",
};
export const cosignInstaller: Action = {
    repository: "sigstore/cosign-installer",
    release: "v4.1.2",
    commit: "6f9f17788090df1f26f669e9d70d6ae9567deba6",
};
