import { equal, match, notEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import {
    labelsOf,
    longestRouted,
    nameLabel,
    objectName,
    routeName,
} from "../../../../components/kubernetes/names.ts";

describe("names of Kubernetes objects", () => {
    const part = fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,70}$/),
        fc.stringMatching(/^[a-z]{55,70}$/),
        fc.stringMatching(/^[A-Za-z0-9_.-]{1,30}$/),
        fc.constantFrom("a", "b", "a-b", "b-a", "a_b", "dev", "dev-env"),
    );

    it("are DNS labels with a letter first, whatever the name and the stack", () => {
        fc.assert(
            fc.property(part, part, (name, stack) => {
                const found = objectName(name, stack);
                match(found, /^[a-z]([a-z0-9-]*[a-z0-9])?$/);
                ok(found.length <= 63, found);
            }),
            { numRuns: 2000 },
        );
    });

    it("differ where the name or the stack differs", () => {
        fc.assert(
            fc.property(fc.array(fc.tuple(part, part), { minLength: 2 }), (pairs) => {
                const inputs = new Set(pairs.map((pair) => JSON.stringify(pair)));
                equal(new Set(pairs.map((pair) => objectName(...pair))).size, inputs.size);
            }),
            { numRuns: 2000 },
        );
    });

    it("have the name and the stack in clear where Kubernetes accepts them", () => {
        equal(objectName("mlops-web", "dev"), "mlops-web-dev");
        match(objectName("mlops_python_2022_2023", "dev"), /^mlops-python-2022-2023-dev-\w{8}$/);
    });

    it("are short enough for the host that a router makes of them and the namespace", () => {
        equal(routeName("web-dev", "alice-dev"), "web-dev");
        const own = fc.tuple(part, part).map(([name, stack]) => objectName(name, stack));
        const namespace = fc.integer({ min: 1, max: longestRouted }).map((it) => "n".repeat(it));
        fc.assert(
            fc.property(own, namespace, (name, space) => {
                const found = routeName(name, space);
                match(found, /^[a-z]([a-z0-9-]*[a-z0-9])?$/);
                ok(`${found}-${space}`.length <= 63, found);
            }),
            { numRuns: 2000 },
        );
        const long = "a".repeat(60);
        notEqual(routeName(`${long}b`, "alice-dev"), routeName(`${long}c`, "alice-dev"));
    });

    const pairs: [what: string, one: [string, string], other: [string, string]][] = [
        ["an underscore and a hyphen", ["my_service", "dev"], ["my-service", "dev"]],
        ["a dot and a hyphen", ["my.service", "dev"], ["my-service", "dev"]],
        ["a dot and an underscore", ["my.service", "dev"], ["my_service", "dev"]],
        ["upper and lower case", ["Web", "dev"], ["web", "dev"]],
        ["a hyphen in the name and in the stack", ["a-b", "c"], ["a", "b-c"]],
        ["the end of a long name", ["a".repeat(80), "dev"], [`${"a".repeat(80)}b`, "dev"]],
    ];
    for (const [what, one, other] of pairs) {
        it(`are not the same for ${what}`, () => {
            notEqual(objectName(...one), objectName(...other));
        });
    }

    it("are never what another name gives with its hash", () => {
        const hashed = objectName("my_service", "dev");
        const [, name = "", stack = ""] = /^(.*)-(.*)$/.exec(hashed) ?? [];
        notEqual(objectName(name, stack), hashed);
    });

    it("tell the owners apart in the labels", () => {
        const one = labelsOf("web-dev", "shop", "dev");
        equal(one[nameLabel], "web-dev");
        for (const [project, stack] of [
            ["shop", "prod"],
            ["bank", "dev"],
        ] as const)
            notEqual(labelsOf("web-dev", project, stack)["mlops/owner"], one["mlops/owner"]);
    });
});
