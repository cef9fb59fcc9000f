import { doesNotMatch, ok } from "node:assert/strict";
import { format } from "node:util";
import { QuayError } from "../../../quay/api/errors.ts";
import { findRunningProblem } from "../../../quay/api/running.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { functions } from "../../../quay/functions/index.ts";
import { robot } from "../../../quay/resources/robot.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";
import { samplesOf } from "./samples.ts";

/** What stands in for a value of an answer: other types, terminal codes, too much of it. */
const wrong: readonly unknown[] = [null, [], {}, 1e300, "\x1b[2J\u202e\n".repeat(1000), "DEEP"];
/** JSON.stringify itself would fail on it. */
const deep = "[".repeat(20_000) + "]".repeat(20_000);

type Path = readonly (string | number)[];

/** Returns the paths of all values in JSON, that of the whole included. */
function pathsIn(value: unknown, path: Path = []): Path[] {
    if (typeof value !== "object" || value === null) return [path];
    const inside = Array.isArray(value)
        ? value.map((one: unknown, index) => [index, one] as const)
        : Object.entries(value);
    return [path, ...inside.flatMap(([key, one]) => pathsIn(one, [...path, key]))];
}

function withValue(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
    if (key === undefined) return put;
    if (Array.isArray(value))
        return value.map((one: unknown, index) =>
            index === key ? withValue(one, rest, put) : one,
        );
    const fields = Object.entries(value as object);
    return Object.fromEntries(
        fields.map(([name, one]) => [name, name === key ? withValue(one, rest, put) : one]),
    );
}

describe("an answer of Quay with a wrong value", function () {
    this.timeout(120_000);

    const fetchOnly = globalThis.fetch;
    let quay: Quay;
    let context: Context;

    before(async () => {
        quay = await startQuay();
        quay.createUser("alice", { superUser: true });
        context = contextOf(quay, quay.createToken({ user: "alice" }));
        await context.api.account();
    });
    after(() => quay.stop());
    afterEach(() => {
        globalThis.fetch = fetchOnly;
    });

    /** Changes the answers in JSON, by their URL: Quay is asked again after a wrong one. */
    function watch(change: (answer: unknown, url: string) => unknown): void {
        globalThis.fetch = async (...request) => {
            const answer = await fetchOnly(...request);
            if (!/json/.test(answer.headers.get("content-type") ?? "")) return answer;
            const { status, headers } = answer;
            const body = JSON.stringify(change(await answer.json(), answer.url));
            const kept = new Headers(headers);
            kept.delete("content-length");
            return new Response(body.replace('"DEEP"', deep), { status, headers: kept });
        };
    }

    /** Runs with each value of each answer replaced by each wrong one. */
    async function tryAll(what: string, run: () => Promise<unknown>): Promise<number> {
        const answers = new Map<string, unknown>();
        watch((answer, url) => {
            answers.set(url, answer);
            return answer;
        });
        await run();
        let clear = 0;
        for (const [at, answer] of answers)
            for (const path of pathsIn(answer))
                for (const put of wrong) {
                    watch((given, url) => (url === at ? withValue(given, path, put) : given));
                    const error: unknown = await run().then(
                        () => undefined,
                        (found: unknown) => found,
                    );
                    if (error === undefined) continue;
                    const told = `${what}, ${at}, ${path.join(".")}: ${format(error)}`;
                    ok(error instanceof QuayError, told.slice(0, 2000));
                    ok(error.message.length < 2500, told.slice(0, 3000));
                    doesNotMatch(error.message, /[^\P{Cc}\n\t]|\p{Cf}/u, told);
                    clear++;
                }
        globalThis.fetch = fetchOnly;
        return clear;
    }

    it("is one clear error of every resource that reads it, or does not matter", async () => {
        const digest = await pushImage(quay, "alice", "alice/images", ["1.0.0"]);
        for (const { resource, inputs } of samplesOf("acme", true, quay.registry, digest)) {
            const { id, state } = await make(resource, inputs, context);
            const clear = await tryAll(resource.name, () => resource.read(id, state, context));
            ok(clear > 0, resource.name);
        }
    });

    it("is one clear error of every function that reads it, or does not matter", async () => {
        const digest = await pushImage(quay, "alice", "alice/other", ["1.0.0"]);
        await make(robot, { namespace: "alice", name: "reader" }, context);
        quay.setScan(digest, { status: "scanned", features: [] });
        const repository = "alice/other";
        const inputs = { repository, digest, username: "alice+reader", tag: "1.0.0" };
        for (const func of functions) {
            const names = Object.keys(func.schema.inputs);
            const given = Object.entries(inputs).filter(([name]) => names.includes(name));
            const clear = await tryAll(func.name, async () => {
                const { failures } = await func.invoke(Object.fromEntries(given), context);
                ok(failures.length === 0, failures.join());
            });
            ok(clear > 0, func.name);
        }
    });

    it("is one clear error where an environment's history is read, or does not matter", async () => {
        const repository = "alice/ran";
        const digest = await pushImage(quay, "alice", repository, ["1.0.0", "running"]);
        const question = { repository, digest, environment: "staging", soak: 60 };
        ok((await tryAll("history", () => findRunningProblem(context.api, question))) > 0);
    });
});
