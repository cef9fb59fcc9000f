import { deepEqual } from "node:assert/strict";
import type { ChangeSet } from "../../../../operations/review/changeSet.ts";
import { withoutFollowed } from "../../../../operations/review/followed.ts";
import type { Value } from "../../../../operations/review/preview.ts";

const [old, present, other] = ["a", "b", "c"].map((digit) => `sha256:${digit.repeat(64)}`);
const repository = "quay.io/alice/digits";
const place = "urn:pulumi:dev::mlops::mlops:docker:ServiceImage";
const image = `${place}$quay:index:PromotedImage::digits`;
const deployment =
    "urn:pulumi:dev::mlops::mlops:kubernetes:ClusterService$kubernetes:apps/v1:Deployment::digits";
const running = `${place}$quay:index:FloatingTag::digits`;
const container = "spec.template.spec.containers[0]";

type Sides = readonly [before: Value | undefined, after: Value | undefined];
const change = (
    urn: string,
    properties: Readonly<Record<string, Sides>>,
    { operation = "update", replaces = false } = {},
): ChangeSet => ({
    [`${operation} ${urn}`]: {
        urn,
        operation,
        id: "id",
        properties: Object.fromEntries(
            Object.entries(properties).map(([path, [before, after]]) => [
                path,
                { before, after, replaces },
            ]),
        ),
    },
});

/** What a push brings: the tag names another image. */
const moved = change(image, {
    digest: [old, present],
    commit: ["1".repeat(40), "2".repeat(40)],
    image: [`${repository}@${String(old)}`, `${repository}@${String(present)}`],
});
const deployed = {
    [`${container}.image`]: [`${repository}@${String(old)}`, `${repository}@${String(present)}`],
    "metadata.annotations.mlops/version": ["sha-1", "sha-2"],
    "metadata.annotations.mlops/commit": ["1", "2"],
    "spec.template.metadata.annotations.mlops/release": ["hash", "other"],
} satisfies Record<string, Sides>;
const left = (...changes: readonly ChangeSet[]): readonly string[] =>
    Object.values(
        withoutFollowed(
            changes.reduce((all, one) => ({ ...all, ...one }), moved),
            "latest",
        ),
    ).flatMap(({ operation, properties }) =>
        Object.keys(properties).map((path) => `${operation} ${path}`),
    );

describe("the changes of a stack that follows a tag", () => {
    it("are none where only the tag has moved", () => {
        deepEqual(
            left(
                change(deployment, deployed),
                change(running, { digest: [old, present] }),
                change("urn:pulumi:dev::mlops::pulumi:pulumi:Stack::mlops-dev", {
                    version: ["1.0.0", "sha-2"],
                }),
            ),
            [],
        );
    });

    it("are none where the first image, which the stack built, gives way", () => {
        const first = change(image, {
            digest: [old, present],
            commit: ["", "2".repeat(40)],
            version: [undefined, "latest"],
            "tags[0]": ["1.0.0", undefined],
            "floatingTags[0]": ["latest", undefined],
        });
        const built = change(
            `${place}$docker:index/registryImage:RegistryImage::digits`,
            { name: ["a", undefined] },
            { operation: "delete" },
        );
        deepEqual(withoutFollowed({ ...first, ...built }, "latest"), {});
    });

    it("are none where a deployment failed, and another image than the last serves", () => {
        const serving = `${repository}@${String(other)}`;
        deepEqual(
            left(
                change(deployment, {
                    [`${container}.image`]: [serving, `${repository}@${String(present)}`],
                }),
                change(running, { digest: [other, present] }),
            ),
            [],
        );
    });

    it("are none where a deployment that failed is run again", () => {
        const outputs = change("urn:pulumi:dev::mlops::pulumi:pulumi:Stack::mlops-dev", {
            digest: [old, present],
        });
        deepEqual(withoutFollowed({ ...outputs, ...change(deployment, deployed) }, "latest"), {});
    });

    const refused: [what: string, change: ChangeSet, path: string][] = [
        [
            "an image of another repository",
            change(deployment, {
                [`${container}.image`]: [
                    `${repository}@${String(old)}`,
                    `quay.io/mallory/digits@${String(present)}`,
                ],
            }),
            `update ${container}.image`,
        ],
        [
            "another digest than the tag's",
            change(deployment, {
                [`${container}.image`]: [
                    `${repository}@${String(old)}`,
                    `${repository}@${String(other)}`,
                ],
            }),
            `update ${container}.image`,
        ],
        [
            "a command beside the image",
            change(deployment, { ...deployed, [`${container}.command[0]`]: [undefined, "sh"] }),
            `update ${container}.command[0]`,
        ],
        [
            "another environment variable",
            change(deployment, { [`${container}.env`]: [[{ name: "A" }], [{ name: "B" }]] }),
            `update ${container}.env`,
        ],
        [
            "a resource that is replaced",
            change(running, { digest: [old, present] }, { replaces: true }),
            "update digest",
        ],
        [
            "a resource that is created",
            change(running, { digest: [undefined, present] }, { operation: "create" }),
            "create digest",
        ],
        [
            "a repository that is deleted",
            change(
                "urn:pulumi:dev::mlops::quay:index:Repository::digits",
                { name: ["digits", undefined] },
                { operation: "delete" },
            ),
            "delete name",
        ],
    ];
    for (const [what, added, path] of refused) {
        it(`keep ${what}`, () => {
            deepEqual(left(added), [path]);
        });
    }

    const notMoved: [what: string, properties: Readonly<Record<string, Sides>>][] = [
        ["comes from elsewhere", { source: [repository, "quay.io/mallory/digits"] }],
        ["is checked less", { maxSeverity: ["high", undefined] }],
        ["sets a tag", { "tags[0]": [undefined, "1.0.0"] }],
        ["follows another tag", { version: ["latest", "edge"] }],
        ["has something for a digest", { digest: [old, "latest"] }],
    ];
    for (const [what, properties] of notMoved) {
        it(`are all there where the image ${what}`, () => {
            const changes = {
                ...change(image, { digest: [old, present], ...properties }),
                ...change(deployment, deployed),
            };
            deepEqual(withoutFollowed(changes, "latest"), changes);
        });
    }

    it("are all there where two images move", () => {
        const changes = {
            ...moved,
            ...change(`${image}-2`, { digest: [old, present] }),
        };
        deepEqual(withoutFollowed(changes, "latest"), changes);
    });
});
