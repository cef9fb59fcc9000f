import { deepEqual, equal, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import {
    exportOutputs,
    localOutputs,
    publishedOutputs,
    stackOutputs,
} from "../../../contract/outputs.ts";
import { checkOutputs } from "../../../contract/reader/checkOutputs.ts";
import { deployment } from "../../../contract/reader/index.ts";
import { breakingChanges, generateContract, schemaFile } from "../../../contract/schema.ts";
import { given, published } from "../../publishedOutputs.ts";
import { declare } from "../mocks.ts";

const without = (field: string) =>
    Object.fromEntries(Object.entries(published).filter(([name]) => name !== field));
const name = "organization/mlops/prod";
const checked = readFileSync(schemaFile, "utf8");

describe("the outputs' schema", () => {
    it("is up to date: npm run generate", async () => {
        equal(checked, await generateContract());
    });

    it("breaks no consumer of the schema that is checked in", async () => {
        deepEqual(breakingChanges(checked, await generateContract()), []);
    });

    /** The schema with a change to what it says of published outputs. */
    const changed = (
        change: (variant: { properties: Record<string, object>; required: string[] }) => void,
    ): string => {
        const schema = JSON.parse(checked) as {
            oneOf: { properties: Record<string, object>; required: string[] }[];
        };
        const variant = schema.oneOf.find(({ properties }) => "image" in properties);
        if (variant === undefined) throw new Error("there is no published variant");
        change(variant);
        return JSON.stringify(schema);
    };
    it("may gain an optional field, and other descriptions", () => {
        const more = changed((variant) => {
            variant.properties["sbom"] = { type: "string" };
            variant.properties["image"] = {
                ...variant.properties["image"],
                description: "in other words",
            };
        });
        deepEqual(breakingChanges(checked, more), []);
    });

    const breaks: Record<string, [Parameters<typeof changed>[0], string[]]> = {
        "loses a field": [
            ({ properties }) => {
                delete properties["pullCommand"];
            },
            ['published: "pullCommand" is gone'],
        ],
        "renames a field": [
            ({ properties, required }) => {
                properties["imageTags"] = properties["tags"] ?? {};
                delete properties["tags"];
                required.splice(required.indexOf("tags"), 1, "imageTags");
            },
            ['published: "tags" is gone', 'published: "imageTags" is new and required'],
        ],
        "changes a field's type": [
            ({ properties }) => {
                properties["tags"] = { type: "string" };
            },
            ['published: "tags" has another form'],
        ],
        "no longer promises a field": [
            ({ required }) => {
                required.splice(required.indexOf("workflow"), 1);
            },
            ['published: "workflow" is no longer required'],
        ],
        "demands a field that older stacks lack": [
            ({ properties, required }) => {
                properties["sbom"] = { type: "string" };
                required.push("sbom");
            },
            ['published: "sbom" is new and required'],
        ],
    };
    for (const [what, [change, problems]] of Object.entries(breaks)) {
        it(`breaks consumers where it ${what}`, () => {
            deepEqual(breakingChanges(checked, changed(change)), problems);
        });
    }

    it("may change in every way with a new schemaVersion, and a lost kind is one of the ways to break it", () => {
        const { oneOf, ...rest } = JSON.parse(checked) as {
            oneOf: { properties: Record<string, object> }[];
        };
        const [local] = oneOf.filter(({ properties }) => "imageId" in properties);
        deepEqual(breakingChanges(checked, JSON.stringify({ ...rest, oneOf: [local] })), [
            'the kind "published" is gone',
        ]);
        const raised = {
            ...local,
            properties: { ...local?.properties, schemaVersion: { type: "number", const: 2 } },
        };
        deepEqual(breakingChanges(checked, JSON.stringify({ ...rest, oneOf: [raised] })), []);
    });
});

describe("what a stack exports", () => {
    it("has the version of the contract and the stack's name beside what the program gives", async () => {
        await declare(() => {
            deepEqual(stackOutputs.parse(exportOutputs(given)), {
                ...published,
                environment: "unit",
            });
        });
    });

    it("may lack the command for a token in a local environment", () => {
        const local = {
            kind: "local",
            schemaVersion: 1,
            environment: "local",
            version: "1.0.0",
            imageId: given.digest,
        };
        equal(
            localOutputs.safeParse({ ...local, serviceUrl: "http://localhost:8080" }).success,
            true,
        );
        equal(localOutputs.safeParse(local).success, false);
    });
});

describe("the reader's check of a stack's outputs", () => {
    it("gives the outputs, without those that it does not know", () => {
        deepEqual(checkOutputs(name, { ...published, later: 1 }, []), published);
    });

    const refusals: [string, Record<string, unknown>, RegExp][] = [
        [
            "no outputs",
            {},
            /^The stack "organization\/mlops\/prod" has no outputs yet: `pulumi up` in it comes first\.$/,
        ],
        [
            "those of another project",
            { bucket: "x" },
            /there is no schemaVersion\. Is it the right project\?$/,
        ],
        [
            "a newer contract",
            { ...published, schemaVersion: 2 },
            /schemaVersion 2, and this reader knows 1: install the mlops-reader of/,
        ],
        [
            "a local environment",
            { ...published, kind: "local" },
            /runs the service on one machine: its image is in no registry/,
        ],
        [
            "a tag for a digest",
            { ...published, digest: "1.0.0" },
            /\n {2}digest = "1\.0\.0": a digest: sha256: and 64 hexadecimal digits$/,
        ],
        [
            "a list of something else",
            { ...published, tags: [1] },
            /\n {2}tags\.0 = \[1\]: Invalid input: expected string, received number$/,
        ],
        [
            "an output too few",
            without("workflow"),
            /\n {2}workflow: Invalid input: expected string, received undefined$/,
        ],
    ];
    for (const [what, outputs, message] of refusals) {
        it(`refuses ${what}, in words`, () => {
            throws(() => checkOutputs(name, outputs, []), { name: "Error", message });
        });
    }

    it("lists every problem, and shows no secret", () => {
        throws(
            () => checkOutputs(name, { ...published, image: "hush", digest: "plain" }, ["image"]),
            ({ message }: Error) =>
                message.includes("image = [secret]") &&
                message.includes('digest = "plain"') &&
                !message.includes("hush"),
        );
    });

    it("takes the outputs whole or refuses them with a message, whatever they are", () => {
        const values = fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(published)));
        const outputs = fc.record(
            Object.fromEntries(Object.keys(published).map((key) => [key, values])),
            { requiredKeys: [] },
        );
        fc.assert(
            fc.property(fc.oneof(outputs, fc.dictionary(fc.string(), values)), (some) => {
                try {
                    const outputs = checkOutputs(name, { ...published, ...some }, []);
                    deepEqual(publishedOutputs.parse(outputs), outputs);
                } catch (error) {
                    equal(
                        error instanceof Error &&
                            error.message.startsWith("The ") &&
                            error.message.includes(name),
                        true,
                        String(error),
                    );
                }
            }),
        );
    });
});

describe("the reader", () => {
    /** What a program of that organization sees of a stack's outputs. */
    async function read<T>(
        organization: string,
        secretOutputNames: string[],
        program: () => pulumi.Output<T>,
    ) {
        const asked: unknown[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: () => ({ id: "", state: {} }),
                call: ({ token, inputs }) => {
                    asked.push([token, inputs]);
                    return { outputs: published, secretOutputNames };
                },
            },
            "consumer",
            "test",
            true,
            organization,
        );
        const output = program();
        const value = await new Promise<T>((resolve) => output.apply(resolve));
        return { asked, value, isSecret: await pulumi.isSecret(output) };
    }

    it("finds the stack by the environment's name, in the organization of the user who asks", async () => {
        const { asked, value } = await read("acme", [], () => deployment("prod").image);
        deepEqual(asked, [["pulumi:pulumi:readStackOutputs", { name: "acme/mlops/prod" }]]);
        equal(value, published.image);
    });

    it("finds it in another project and organization where it is told to", async () => {
        const { asked } = await read("acme", [], () =>
            deployment("prod", { project: "shop", organization: "other" }),
        );
        deepEqual(asked, [["pulumi:pulumi:readStackOutputs", { name: "other/shop/prod" }]]);
    });

    it("keeps secrets, and takes nothing for one that is none", async () => {
        equal((await read("acme", ["version"], () => deployment("prod").version)).isSecret, true);
        equal(
            (await read("acme", ["robotToken"], () => deployment("prod").version)).isSecret,
            false,
        );
    });
});
