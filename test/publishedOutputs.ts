/** Outputs of a stack that publishes an image, as its program gives them. */
const digest = `sha256:${"ab".repeat(32)}`;
export const given = {
    kind: "published" as const,
    version: "1.0.0",
    image: `quay.io/alice/digits_prod@${digest}`,
    digest,
    tags: ["1.0.0"],
    repositoryUrl: "https://quay.io/repository/alice/digits_prod",
    pullCommand: `docker pull quay.io/alice/digits_prod@${digest}`,
    runCommand: `docker run -p 8080:8080 quay.io/alice/digits_prod@${digest}`,
    robotUsername: "alice+digits_prod_robot",
    workflow: "https://github.com/alice/digits/actions/workflows/quay-release-prod.yml",
};

/** The outputs that the stack then has. */
export const published = { schemaVersion: 1, environment: "prod", ...given };
