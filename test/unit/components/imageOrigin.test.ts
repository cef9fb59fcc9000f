import { deepEqual, equal, rejects } from "node:assert/strict";
import { findImageOrigin, type ImageOrigin } from "../../../components/imageOrigin.ts";
import { PublishedServiceImage } from "../../../components/publishedServiceImage.ts";
import { declare, digest, insideSecret, only } from "../mocks.ts";

const image = "docker:index/registryImage:RegistryImage";
const promoted = "quay:index:PromotedImage";

/** What a state has of the stack's resources. */
const imported = { "quay:index:Repository": {} };
const built = { ...imported, [image]: { sha256Digest: digest } };
const published = (version: string, of = digest, target = "quay.io/alice/digits") => ({
    ...imported,
    [promoted]: { target, digest: of, tags: [version] },
});

describe("where the image of a stack with a workflow comes from", () => {
    const find = async (
        state: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
        {
            isAttested = false,
            tags = undefined as readonly string[] | undefined,
            follow = undefined as string | undefined,
            latest = undefined as string | undefined,
        } = {},
    ): Promise<ImageOrigin & { readonly requests: number }> => {
        let origin: ImageOrigin | undefined;
        let requests = 0;
        const outputs = Object.fromEntries(
            Object.entries(state).map(([type, outputs]) => [
                `urn:pulumi:unit::mlops::a$${type}::digits`,
                { outputs },
            ]),
        );
        const stack = { name: "digits", repository: "alice/digits", version: "1.0.0" };
        await declare(
            async () => void (origin = await findImageOrigin({ ...stack, follow, isAttested })),
            {},
            (token, inputs) => {
                if (token === "pulumi:pulumi:readStackResourceOutputs") return { outputs };
                requests += 1;
                if (token === "quay:index:getTag") {
                    deepEqual(inputs, { repository: "alice/digits", tag: "latest" });
                    if (latest === undefined) throw new Error("getTag returned an error: No tag.");
                    return { name: "latest", digest: latest, isManifestList: false };
                }
                equal(token, "quay:index:listTags");
                if (tags === undefined) throw new Error("Quay does not say");
                return { tags: tags.map((name) => ({ name })) };
            },
        );
        if (origin === undefined) throw new Error("nothing was found");
        return { ...origin, requests };
    };
    const other = `sha256:${"0".repeat(64)}`;
    const first = { how: "build", isFirst: true, tag: "1.0.0", requests: 0 } as const;
    const cases: [
        what: string,
        given: Parameters<typeof find>,
        ImageOrigin & { requests: number },
    ][] = [
        ["a new stack builds its first image", [{}], first],
        ["a first build that failed is done again", [built], first],
        [
            "a repository of another name is new",
            [{ ...built, ...published("1.0.0", digest, "quay.io/alice/other") }],
            first,
        ],
        [
            "an image that was built stays",
            [{ ...built, ...published("1.0.0") }],
            { how: "keep", isFirst: false, tag: "1.0.0", requests: 0 },
        ],
        [
            "another version is looked up",
            [{ ...built, ...published("0.9.0") }],
            { how: "lookUp", isFirst: false, tag: "1.0.0", requests: 0 },
        ],
        [
            "so is a version that was looked up by an up that failed later",
            [{ ...built, ...published("1.0.0", other) }],
            { how: "lookUp", isFirst: false, tag: "1.0.0", requests: 0 },
        ],
        [
            "so is one that the stack did not build",
            [published("1.0.0")],
            { how: "lookUp", isFirst: false, tag: "1.0.0", requests: 0 },
        ],
        [
            "nothing is built where only attested images count",
            [{}, { isAttested: true }],
            { how: "lookUp", isFirst: true, tag: "1.0.0", requests: 0 },
        ],
        [
            "an imported repository may have the version",
            [imported, { tags: ["latest", "1.0.0"] }],
            { how: "lookUp", isFirst: true, tag: "1.0.0", requests: 1 },
        ],
        [
            "an imported repository may lack it",
            [imported, { tags: ["latest"] }],
            { ...first, requests: 1 },
        ],
        ["an imported repository may not be readable", [imported], { ...first, requests: 1 }],
        ["a stack that follows builds its first image", [{}, { follow: "latest" }], first],
        [
            "an image that was built stays while the followed tag names it",
            [
                { ...built, ...published("1.0.0") },
                { follow: "latest", latest: digest },
            ],
            { how: "keep", isFirst: false, tag: "1.0.0", requests: 1 },
        ],
        [
            "what the followed tag names is taken once it has moved",
            [
                { ...built, ...published("1.0.0") },
                { follow: "latest", latest: other },
            ],
            { how: "lookUp", isFirst: false, tag: "latest", digest: other, requests: 1 },
        ],
        [
            "a first image of another version gets no further version: only git tags make those",
            [
                { ...built, ...published("0.9.0") },
                { follow: "latest", latest: digest },
            ],
            { how: "lookUp", isFirst: false, tag: "latest", digest, requests: 1 },
        ],
        [
            "a first image that the tag was set back to is not built again",
            [published("1.0.0", other), { follow: "latest", latest: digest }],
            { how: "lookUp", isFirst: false, tag: "latest", digest, requests: 1 },
        ],
        [
            "an imported repository may have the followed tag",
            [imported, { follow: "latest", tags: ["latest"] }],
            { how: "lookUp", isFirst: true, tag: "latest", requests: 1 },
        ],
        [
            "an imported repository may have the version alone",
            [imported, { follow: "latest", tags: ["1.0.0"] }],
            { how: "lookUp", isFirst: true, tag: "1.0.0", requests: 1 },
        ],
        [
            "which stays while the followed tag names it",
            [published("1.0.0"), { follow: "latest", latest: digest }],
            { how: "lookUp", isFirst: false, tag: "1.0.0", requests: 1 },
        ],
        [
            "nothing is looked up before the first attested image",
            [{}, { isAttested: true, follow: "latest" }],
            { how: "lookUp", isFirst: true, tag: "latest", requests: 0 },
        ],
    ];
    for (const [what, given, wanted] of cases) {
        it(what, async () => {
            deepEqual(await find(...given), wanted);
        });
    }

    it("is an error where Quay does not say what the followed tag names", async () => {
        await rejects(
            find(published("1.0.0"), { follow: "latest" }),
            /mlops:service\.follow = "latest": what it names now is not known\./,
        );
    });
});

describe("PublishedServiceImage", () => {
    const place = { repository: "quay.io/alice/digits", version: "1.0.0" };

    it("looks the version up, and moves no tag", async () => {
        const howToPublish = "git push";
        const declared = await declare(
            () => new PublishedServiceImage("digits", { ...place, howToPublish }),
        );
        deepEqual(only(declared, promoted).inputs, {
            source: place.repository,
            target: place.repository,
            version: "1.0.0",
            howToPublish,
        });
        deepEqual(
            declared.filter(({ type }) => type === image),
            [],
        );
    });

    it("follows a tag that moves: its digest is given, and no tag is set", async () => {
        const declared = await declare(
            () =>
                new PublishedServiceImage("digits", {
                    ...place,
                    version: "latest",
                    isMoving: true,
                    digest,
                }),
        );
        deepEqual(only(declared, promoted).inputs, {
            source: place.repository,
            target: place.repository,
            version: "latest",
            digest,
            tags: [],
        });
    });

    it("keeps what was built, with the robot's present credentials", async () => {
        const builtBy = { username: "alice+robot", password: "hunter2" };
        const declared = await declare(
            () => new PublishedServiceImage("digits", { ...place, builtBy }),
        );
        const { authConfig, ...others } = only(declared, image).inputs;
        deepEqual(insideSecret(authConfig), { address: "https://quay.io", ...builtBy });
        deepEqual(others, { keepRemotely: true });
        deepEqual(only(declared, promoted).inputs, {
            source: place.repository,
            target: place.repository,
            digest,
            tags: ["1.0.0"],
        });
    });
});
