import { strict as assert } from "node:assert";
import { z } from "zod";
import { QuayClient } from "../../../quay/api/client.ts";
import { differencesOf } from "../../../quay/definition/diff.ts";
import { resource } from "../../../quay/definition/resource.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { type Properties, Secret, unknown } from "../../../quay/definition/values.ts";

const site = { url: "https://quay.io", host: "quay.io" };
const api = new QuayClient({
    site,
    tokenVariable: "QUAY_TOKEN",
    token: "t",
    maxParallelRequests: 1,
    signal: new AbortController().signal,
});
const context: Context = {
    api,
    importCommand: (id) => id,
    forgetCommand: "",
    made: new Set(),
    warn: () => Promise.resolve(),
};

let resolved = 0;
const thing = resource({
    name: "Thing",
    description: "A thing.",
    importId: { format: "NAME", example: "a" },
    fixed: { name: z.string().regex(/^[a-z]+$/, "must be lower case.") },
    changing: {
        size: z.number().default(1),
        labels: z.record(z.string(), z.string()).default({}),
        password: z.string().optional().meta({ secret: true }),
        digest: z.string().optional(),
    },
    unread: ["password"],
    outputs: { token: z.string().meta({ secret: true }), upper: z.string(), digest: z.string() },
    id: ({ name }) => name,
    derive: ({ name, digest }) => ({ upper: name?.toUpperCase(), digest }),
    validate: ({ size }) => (size > 9 ? "too big." : undefined),
    resolve: (inputs, old) => {
        if (old?.digest !== undefined && old.size === inputs.size)
            return Promise.resolve({ ...inputs, digest: old.digest });
        resolved++;
        return Promise.resolve({ ...inputs, digest: `d${String(inputs.size)}` });
    },
    create: ({ name }) =>
        Promise.resolve({
            id: name,
            outputs: { token: "t", upper: name.toUpperCase(), digest: "d" },
        }),
    read: () => Promise.resolve(undefined),
    update: (_inputs, { token, upper }) => Promise.resolve({ token, upper, digest: "d" }),
    delete: () => Promise.resolve(),
});

describe("a declared resource", () => {
    it("fills in defaults and keeps secrets secret", async () => {
        const { inputs, failures } = await thing.check(
            { name: "a", password: "p", labels: { x: new Secret("y") } },
            {},
            context,
        );
        assert.deepEqual(failures, []);
        assert.deepEqual(inputs, {
            name: "a",
            size: 1,
            labels: new Secret({ x: "y" }),
            password: new Secret("p"),
            digest: "d1",
        });
    });

    it("names each input that is wrong, its value and the rule, but no secret", async () => {
        const { failures } = await thing.check(
            { name: "A", size: new Secret("hush"), colour: 1, labels: { x: 3 } },
            {},
            context,
        );
        assert.match(failures.join("\n"), /there is no property "colour"\. It has: name, size/);
        assert.match(failures.join("\n"), /"name" = "A": must be lower case\./);
        assert.match(failures.join("\n"), /"labels\.x" = 3: /);
        assert.doesNotMatch(failures.join("\n"), /hush/);
        assert.deepEqual((await thing.check({}, {}, context)).failures, ['"name" must be set.']);
        assert.deepEqual((await thing.check({ name: "a", size: 10 }, {}, context)).failures, [
            "too big.",
        ]);
    });

    it("lets unknowns pass, and does not know then what it would look up", async () => {
        const { inputs, failures } = await thing.check({ name: unknown }, {}, context);
        assert.deepEqual(failures, []);
        assert.deepEqual(inputs, { name: unknown, size: 1, labels: {}, digest: unknown });
    });

    it("looks up nothing where nothing changed", async () => {
        resolved = 0;
        const { inputs } = await thing.check({ name: "a" }, {}, context);
        await thing.check({ name: "a" }, inputs, context);
        assert.equal(resolved, 1);
        await thing.check({ name: "a", size: 2 }, inputs, context);
        assert.equal(resolved, 2);
    });

    it("differs exactly where it differs, and is replaced only where necessary", () => {
        const old = { name: "a", size: 1, labels: { x: "1", "y-z": "2" } };
        assert.deepEqual(thing.diff(old, old).changes, new Map());
        const updated = thing.diff(old, { name: "a", size: 2, labels: { x: "1", "y-z": "3" } });
        assert.deepEqual([...updated.changes.keys()], ["size", 'labels["y-z"]']);
        assert.deepEqual(updated.replaces, []);
        const replaced = thing.diff(old, { ...old, name: "b" });
        assert.deepEqual(replaced.replaces, ["name"]);
        assert.equal(replaced.deleteBeforeReplace, false);
    });

    it("does not differ from a state that lacks an input which has a default by now, or by a secret mark", () => {
        assert.deepEqual(
            thing.diff(
                { name: "a", password: "p" },
                { name: "a", size: 1, labels: {}, password: new Secret("p") },
            ).changes,
            new Map(),
        );
    });

    it("does not differ in what an import could not know, until the program has declared it", async () => {
        const news = { name: "a", size: 2, labels: {}, password: "p" };
        const changes = (olds: Properties) => [...thing.diff(olds, news).changes.keys()];
        assert.deepEqual(changes({ name: "a", size: 1, labels: {} }), ["size", "password"]);
        assert.deepEqual(changes({ name: "a", size: 1, labels: {}, __imported: true }), ["size"]);
        // A program's inputs replace those of the import, and its mark, which it cannot set.
        assert.deepEqual(changes({ ...news, password: "old" }), ["password"]);
        const marked = { ...news, digest: "d", __imported: true };
        assert.ok(!("__imported" in (await thing.check(marked, news, context)).inputs));
        assert.ok("__imported" in (await thing.check(marked, marked, context)).inputs);
    });

    it("knows in a preview what follows from its inputs", () => {
        const { id, state } = thing.preview({ name: "a", size: 1 }, site);
        assert.equal(id, "a");
        assert.deepEqual(state, {
            name: "a",
            size: 1,
            upper: "A",
            token: new Secret(unknown),
            digest: unknown,
        });
        assert.equal(thing.preview({ name: unknown }, site).id, undefined);
    });

    it("keeps in the preview of an update what was there, unless something is unknown", () => {
        const old = {
            name: "a",
            size: 1,
            labels: {},
            token: new Secret("t"),
            upper: "A",
            digest: "d",
        };
        assert.deepEqual(
            thing.preview({ name: "a", size: 2 }, site, old).state["token"],
            new Secret("t"),
        );
        assert.deepEqual(
            thing.preview({ name: "a", size: unknown }, site, old).state["token"],
            new Secret(unknown),
        );
    });

    it("marks secret outputs", async () => {
        const { state } = await thing.create({ name: "a", size: 1, labels: {} }, context);
        assert.deepEqual(state["token"], new Secret("t"));
    });

    it("finds differences down to the innermost property", () => {
        assert.deepEqual(differencesOf("p", [{ a: 1 }, { b: 2 }], [{ a: 1 }, { b: 3 }, { c: 4 }]), [
            ["p[1].b", "update"],
            ["p[2]", "add"],
        ]);
        assert.deepEqual(differencesOf("p", { a: 1 }, {}), [["p.a", "delete"]]);
        assert.deepEqual(differencesOf("p", 1, unknown), [["p", "update"]]);
    });
});
