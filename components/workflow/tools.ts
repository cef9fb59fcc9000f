/** What builds and signs images in a workflow, pinned: a tag can be moved, a digest cannot. */

/** The release of buildx that builds. */
export const buildx = "v0.36.1";
/** The image of BuildKit, the builder. */
export const buildkit =
    "moby/buildkit:v0.32.2@sha256:28a898719c18a33f4e8000685287fa36fd0dd9560c6440227d3a732d79bb41d8";
/** The image that lists an image's packages. */
export const sbomScanner =
    "docker/buildkit-syft-scanner:1.12.0" +
    "@sha256:ae4f3b554449e7e25548e7d8ccc029d17357348e30c6e3df01b92bc93654d6a9";
/** The release of cosign that signs. Its installer has this release's checksum. */
export const cosign = "v3.0.6";
