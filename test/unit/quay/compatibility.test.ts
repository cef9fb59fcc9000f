import { deepEqual, doesNotThrow, equal, match, rejects, throws } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { packageSchema, type ResourceType } from "../../../quay/provider/schema.ts";
import {
    baselineFile,
    readBaseline,
    requireCompatible,
    storeBaseline,
} from "../../../toolchain/released/baseline.ts";
import {
    breakingChanges,
    mayBreak,
    type ReleasedSchema,
} from "../../../toolchain/released/compatibility.ts";

const released = readBaseline();
const tokens = Object.keys(released.resources);

type Change = (schema: ReleasedSchema) => unknown;

/** Returns the schema after a change. */
function changed(change: Change): ReleasedSchema {
    const copy = structuredClone(released);
    change(copy);
    return copy;
}

const robot = "quay:index:Robot";
const claim = "quay:index:FederationClaim";

const set = (at: object | undefined, values: object) => Object.assign(at ?? {}, values);
const drop = (at: object | undefined, key: string) => Reflect.deleteProperty(at ?? {}, key);
const without = (list: readonly string[] = [], key: string) => list.filter((one) => one !== key);

/** Changes an input, and the output that it is, too. */
const setInput = (type: ResourceType | undefined, key: string, values: object) => {
    set(type?.inputProperties[key], values);
    set(type?.properties?.[key], values);
};

/** Each change that breaks programs, with the line that refuses it. */
const breaking: readonly (readonly [line: string, change: Change])[] = [
    [`${robot} is gone`, ({ resources }) => drop(resources, robot)],
    [
        "quay:index:Team is gone",
        ({ resources }) => {
            set(resources, { "quay:index:Group": resources["quay:index:Team"] });
            drop(resources, "quay:index:Team");
        },
    ],
    ["quay:index:getTag is gone", ({ functions }) => drop(functions, "quay:index:getTag")],
    ["the type quay:index:Role is gone", ({ types }) => drop(types, "quay:index:Role")],
    [
        'the type quay:index:Role: the value "write" is gone',
        ({ types: { "quay:index:Role": role } }) =>
            set(role, { enum: role?.enum?.filter(({ value }) => value !== "write") }),
    ],
    [
        `${robot}: the input "description" is gone`,
        ({ resources }) => {
            drop(resources[robot]?.inputProperties, "description");
            drop(resources[robot]?.properties, "description");
        },
    ],
    [
        `${robot}: the input "description" is now required`,
        ({ resources: { [robot]: type } }) =>
            set(type, { requiredInputs: [...(type?.requiredInputs ?? []), "description"] }),
    ],
    [
        `${robot}: the input "colour" is new and required`,
        ({ resources: { [robot]: type } }) => {
            set(type?.inputProperties, { colour: { type: "string" } });
            set(type, { requiredInputs: [...(type?.requiredInputs ?? []), "colour"] });
        },
    ],
    [
        `${robot}: the input "description" was string, and is string[]`,
        ({ resources }) => {
            setInput(resources[robot], "description", { type: "array", items: { type: "string" } });
        },
    ],
    [
        `${robot}: the input "description" has the default "mine", and had ""`,
        ({ resources }) => {
            setInput(resources[robot], "description", { default: "mine" });
        },
    ],
    [
        'quay:index:Repository: the input "visibility" now replaces the resource when it changes',
        ({ resources: { "quay:index:Repository": type } }) =>
            set(type?.inputProperties["visibility"], { willReplaceOnChanges: true }),
    ],
    [
        `${robot}: the output "token" is gone`,
        ({ resources }) => drop(resources[robot]?.properties, "token"),
    ],
    [
        `${robot}: the output "token" may now be absent`,
        ({ resources: { [robot]: type } }) =>
            set(type, { required: without(type?.required, "token") }),
    ],
    [
        'quay:index:getTag: the input "tag" is gone',
        ({ functions: { "quay:index:getTag": tag } }) => drop(tag?.inputs.properties, "tag"),
    ],
    [
        'quay:index:getTag: the output "digest" may now be absent',
        ({ functions: { "quay:index:getTag": tag } }) =>
            set(tag?.outputs, { required: without(tag?.outputs.required, "digest") }),
    ],
    [
        `the type ${claim}: "issuer" is gone`,
        ({ types }) => drop(types[claim]?.properties, "issuer"),
    ],
    [
        `the type ${claim}: "audience" is new and required`,
        ({ types: { [claim]: type } }) => {
            set(type?.properties, { audience: { type: "string" } });
            set(type, { required: [...(type?.required ?? []), "audience"] });
        },
    ],
    [
        'the provider: the input "url" is now required',
        ({ provider }) => set(provider, { required: ["url"] }),
    ],
];

/** Additions, each of which may be made to any resource. */
const additions: readonly ((schema: ReleasedSchema, type: ResourceType | undefined) => unknown)[] =
    [
        ({ resources }, type) => set(resources, { "quay:index:Another": structuredClone(type) }),
        (_, type) => set(type?.inputProperties, { added: { type: "string", default: "new" } }),
        (_, type) => {
            set(type?.properties, { found: { type: "integer" } });
            set(type, { required: [...(type?.required ?? []), "found"] });
        },
        (_, type) => set(type, { requiredInputs: [] }),
        (_, type) =>
            Object.values(type?.inputProperties ?? {}).map((property) =>
                set(property, { willReplaceOnChanges: false }),
            ),
        ({ types: { "quay:index:Role": role } }) =>
            set(role, { enum: [...(role?.enum ?? []), { value: "owner" }] }),
        ({ types: { "quay:index:Tag": type } }) => {
            // Programs only read it.
            set(type?.properties, { size: { type: "integer" } });
            set(type, { required: [...(type?.required ?? []), "size"] });
        },
        ({ functions }) => set(functions, { "quay:index:more": functions["quay:index:getTag"] }),
    ];

describe("the provider's schema, compared with the last release's", () => {
    it("breaks no program but where the version and the changelog say so", () => {
        doesNotThrow(() => {
            requireCompatible(packageSchema());
        });
    });

    it("is stored at each release (node toolchain/released/store.ts)", () => {
        const [, newest] = /^## (\d+\.\d+\.\d+)/m.exec(readFileSync("CHANGELOG.md", "utf8")) ?? [];
        equal(released.version, newest);
    });

    it("is not stored again for the same version, or for an older one", async () => {
        const before = readFileSync(baselineFile, "utf8");
        try {
            for (const version of [released.version, "0.0.1"])
                await rejects(storeBaseline({ ...released, version }), {
                    message:
                        `The schema of ${released.version} is stored, and ${version} is ` +
                        "no newer version: raise it first.",
                });
            equal(readFileSync(baselineFile, "utf8"), before);
        } finally {
            writeFileSync(baselineFile, before);
        }
    });

    for (const [line, change] of breaking)
        it(`is refused by one line: ${line}`, () => {
            deepEqual(breakingChanges(released, changed(change)), [line]);
        });

    it("is accepted with additions, in any number", () => {
        const addition = fc.tuple(fc.constantFrom(...additions), fc.constantFrom(...tokens));
        fc.assert(
            fc.property(fc.array(addition, { maxLength: 20 }), (all) => {
                const more = changed((schema) => {
                    for (const [add, token] of all) add(schema, schema.resources[token]);
                });
                deepEqual(breakingChanges(released, more), []);
            }),
        );
    });

    it("is refused whichever property is gone, beside any additions, and names it", () => {
        const place = fc.constantFrom(
            ...Object.entries(released.resources).flatMap(([token, { properties = {} }]) =>
                Object.keys(properties).map((key) => ({ token, key })),
            ),
        );
        fc.assert(
            fc.property(place, fc.subarray([...additions]), ({ token, key }, all) => {
                const less = changed((schema) => {
                    const type = schema.resources[token];
                    for (const add of all) add(schema, type);
                    drop(type?.inputProperties, key);
                    drop(type?.properties, key);
                });
                const [line = "", ...others] = breakingChanges(released, less);
                deepEqual(others, []);
                match(line, new RegExp(`^${token}: the (in|out)put "${key}" is gone$`));
            }),
        );
    });

    it("may break where the version says so: a new major, below 1.0 a new minor version", () => {
        deepEqual(
            [
                mayBreak("0.1.0", "0.1.1"),
                mayBreak("0.1.0", "0.2.0"),
                mayBreak("0.1.0", "1.0.0"),
                mayBreak("1.1.0", "1.2.0"),
                mayBreak("1.1.0", "2.0.0"),
            ],
            [false, true, true, false, true],
        );
    });

    describe("where it breaks a program", () => {
        const less = changed(({ resources }) => drop(resources, robot));
        const newer = { ...less, version: "99.0.0" };
        const line = `- ${robot} is gone. Use another.`;
        const older = `\n## ${released.version} - 2026-11-27\n\n`;
        const told = `## Unreleased\n\n### Changed\n\n- A.\n${line}\n\n### Fixed\n${older}`;

        it("is refused, though the changelog tells it, where the version may not break any", () => {
            throws(() => {
                requireCompatible(less, told);
            }, /quay:index:Robot is gone\nUndo it, or raise the version for it/);
        });

        it("is accepted where the version may and the changelog tells it, also in two lines", () => {
            for (const changelog of [told, told.replace("Robot is", "Robot\n  is")])
                doesNotThrow(() => {
                    requireCompatible(newer, changelog);
                });
        });

        const unseen: [where: string, changelog: string][] = [
            ["nowhere", `## Unreleased\n${older}`],
            ["under another heading", told.replace("Changed", "Added")],
            ["with the released version", `## Unreleased\n${older}### Changed\n\n${line}\n`],
            ["for a part of it", told.replace("is gone", 'is gone: the input "name"')],
        ];
        for (const [where, changelog] of unseen)
            it(`is refused with the line to add where the changelog tells it ${where}`, () => {
                throws(() => {
                    requireCompatible(newer, changelog);
                }, /under "Unreleased" and there "Changed":\n- quay:index:Robot is gone\.$/);
            });
    });
});
