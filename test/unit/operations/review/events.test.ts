import { deepEqual, equal, match, ok } from "node:assert/strict";
import { propertyOf } from "../../../../operations/review/rules/rule.ts";
import { readEvents, recorded, secretValue, step, succeeded, unknownValue } from "./previews.ts";

const robot = "quay:index:Robot";
const network = "docker:index/network:Network";

describe("the engine's events", () => {
    it("of a first deployment are resources to create, without the components that they are part of", () => {
        const { errors, changes, unchanged } = recorded("first");
        deepEqual([errors, unchanged], [[], []]);
        deepEqual(
            [
                ...new Set(
                    changes.map(({ operation, type }) =>
                        type === "pulumi:pulumi:Stack" ? "outputs" : operation,
                    ),
                ),
            ].sort(),
            ["create", "outputs"],
        );
        deepEqual(changes.find(({ type }) => type === robot)?.after, {
            description: "Pushes to digits_prod",
            name: "digits_robot",
            namespace: "alice",
        });
        equal(changes.find(({ name }) => name === "QUAY_PWD")?.after["value"], "[secret]");
    });

    it("of an unchanged stack are no changes", () => {
        const { changes, unchanged, errors, warnings } = recorded("same");
        deepEqual([changes, errors, warnings], [[], [], []]);
        equal(unchanged.length, 11);
    });

    it("tell from where to where a property changes, and that a secret does", () => {
        const { changes } = recorded("rotation");
        const secret = changes.find(({ name }) => name === "QUAY_PWD");
        deepEqual(secret?.properties, [
            { path: "value", before: "[secret]", after: "[secret]", replaces: false },
        ]);
        equal(
            changes.find(({ type, name }) => type === robot && name === "digits-1")?.after["name"],
            "[unknown]",
        );
        const image = recorded("release").changes.find(
            ({ type }) => type === "quay:index:PromotedImage",
        );
        ok(image);
        deepEqual(propertyOf(image, "version"), {
            path: "version",
            before: "1.0.0",
            after: "1.1.0",
            replaces: false,
        });
    });

    it("of a replacement are one change, with what it is replaced for", () => {
        const robots = recorded("dangerous").changes.filter(({ type }) => type === robot);
        deepEqual(
            robots.map(({ operation, properties }) => ({ operation, properties })),
            [
                {
                    operation: "replace",
                    properties: [
                        {
                            path: "name",
                            before: "digits_robot",
                            after: "other_robot",
                            replaces: true,
                        },
                    ],
                },
            ],
        );
    });

    it("of a replacement that was interrupted are the deletion that is left", () => {
        const { changes } = readEvents([
            step("delete-replaced", robot, { delete: true, inputs: { name: "old" } }, null),
            succeeded,
        ]);
        deepEqual(
            changes.map(({ operation, before }) => ({ operation, before })),
            [{ operation: "delete", before: { name: "old" } }],
        );
    });

    it("tell that protection goes, though the engine takes the resource for unchanged", () => {
        const { changes, unchanged } = readEvents([
            step("same", robot, { protect: true }, {}),
            succeeded,
        ]);
        deepEqual(changes[0]?.properties, [
            { path: "(protect)", before: true, after: false, replaces: false },
        ]);
        deepEqual(unchanged, []);
    });

    it("are compared where a provider gives no detailed diff", () => {
        const { changes } = readEvents([
            step(
                "update",
                robot,
                { inputs: { a: { "x.y": [1, 2] }, s: secretValue } },
                { inputs: { a: { "x.y": [1] }, s: secretValue } },
                { diffs: ["s"] },
            ),
            succeeded,
        ]);
        deepEqual(changes[0]?.properties, [
            { path: 'a["x.y"][1]', before: 2, replaces: false },
            { path: "s", before: "[secret]", after: "[secret]", replaces: false },
        ]);
    });

    it("find what only the provider knows in its outputs", () => {
        const detailedDiff = { 'list[0]["a.b"]': { diffKind: "update", inputDiff: false } };
        const { changes } = readEvents([
            step(
                "update",
                robot,
                { outputs: { list: [{ "a.b": 1 }] } },
                { outputs: { list: [{ "a.b": unknownValue }] } },
                { detailedDiff },
            ),
            succeeded,
        ]);
        deepEqual(changes[0]?.properties, [
            { path: 'list[0]["a.b"]', before: 1, after: "[unknown]", replaces: false },
        ]);
    });

    it("leave out resources that are only read, and what the SDK keeps for itself", () => {
        const { changes } = readEvents([
            step("read", robot, null, {}, {}, "read"),
            step("create", robot, null, {
                inputs: { __defaults: ["a"], a: null, b: { __defaults: [], c: 1 } },
            }),
            succeeded,
        ]);
        deepEqual(
            changes.map(({ after }) => after),
            [{ b: { c: 1 } }],
        );
    });

    it("of a refresh are what is not as the state says; that it looks is no change", () => {
        const [before, after] = [{ inputs: { a: 1 } }, { inputs: { a: 2 } }];
        const { changes, unchanged } = readEvents([
            ...["same", "changed", "gone"].map((name) =>
                step("refresh", robot, before, before, {}, name),
            ),
            step("same", robot, before, before, {}, "same"),
            step("update", robot, before, after, { diffs: ["a"] }, "changed"),
            step("delete", robot, before, null, {}, "gone"),
            succeeded,
        ]);
        deepEqual(
            changes.map(({ name, operation }) => [name, operation]),
            [
                ["changed", "update"],
                ["gone", "delete"],
            ],
        );
        deepEqual(changes[0]?.properties, [{ path: "a", before: 1, after: 2, replaces: false }]);
        equal(unchanged.length, 1);
    });

    it("have the same names in every preview, where the engine makes them up", () => {
        const make = (suffix: string) =>
            readEvents([
                step("create", network, null, {
                    id: "",
                    inputs: { __defaults: ["name"], name: `digits-${suffix}` },
                }),
                step(
                    "create",
                    "docker:index/container:Container",
                    null,
                    { inputs: { network: `on digits-${suffix}` } },
                    {},
                    "running",
                ),
                succeeded,
            ]);
        deepEqual(make("1a2b3c4"), make("5d6e7f8"));
        match(JSON.stringify(make("1a2b3c4")), /on digits-\[generated\]/);
        // A name that somebody chose, or that is there already, stays.
        const chosen = step("create", network, null, {
            inputs: { __defaults: [], name: "digits-1a2b3c4" },
        });
        const there = step(
            "update",
            network,
            { inputs: { name: "digits-1a2b3c4" } },
            { inputs: { __defaults: ["name"], name: "digits-1a2b3c4", a: 1 } },
        );
        for (const line of [chosen, there])
            match(JSON.stringify(readEvents([line, succeeded])), /digits-1a2b3c4/);
    });

    it("of a preview that failed are its errors", () => {
        deepEqual(recorded("mistake", "exit 255").errors, ["mlops:world.version = 1: a tag"]);
        const { errors, changes } = recorded("removal", "exit 255");
        match(errors.join("\n"), /cannot be deleted\nbecause it is protected/);
        ok(changes.length > 0, "what it would have done is shown too");
    });

    it("of a preview that did not begin, or did not end, are what the engine said", () => {
        deepEqual(readEvents([], "error: no stack named 'prod' found\n").errors, [
            "error: no stack named 'prod' found",
        ]);
        deepEqual(readEvents([JSON.stringify({ summaryEvent: { result: "canceled" } })]).errors, [
            "The preview ended before it was done.",
        ]);
        deepEqual(readEvents([step("create", robot, null, {})]).errors, [
            "The preview ended before it was done.",
        ]);
        deepEqual(readEvents(["error: the state is locked", succeeded]).errors, [
            "error: the state is locked",
        ]);
    });

    it("keep what policies say: mandatory ones fail the preview, others warn", () => {
        const policy = (enforcementLevel: string) =>
            JSON.stringify({
                policyEvent: {
                    enforcementLevel,
                    policyName: "no-public",
                    message: "it is public.",
                    resourceUrn: "urn:pulumi:prod::mlops::quay:index:Repository::digits",
                },
            });
        const says = "quay:index:Repository::digits: policy no-public: it is public.";
        deepEqual(readEvents([policy("advisory"), succeeded]).warnings, [says]);
        deepEqual(
            readEvents(
                [policy("mandatory"), JSON.stringify({ summaryEvent: { result: "failed" } })],
                "failed",
            ).errors,
            [says],
        );
    });

    it("drop debug messages, colours, and what is said twice", () => {
        const diagnostic = (severity: string, message: string) =>
            JSON.stringify({ diagnosticEvent: { severity, message } });
        const { warnings } = readEvents([
            diagnostic("debug", "x"),
            diagnostic("info", "y"),
            diagnostic("warning", "<{%fg 3%}>\x1b[31mcareful<{%reset%}>\n\n"),
            diagnostic("warning", "careful"),
            succeeded,
        ]);
        deepEqual(warnings, ["careful"]);
    });
});
