import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { z } from "zod";
import { QuayError } from "../../../quay/api/errors.ts";
import type { Context } from "../../../quay/definition/context.ts";
import { floatingTag } from "../../../quay/resources/floatingTag.ts";
import { type Fault } from "../../../sandbox/quay/faults.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";

const rows = z.object({
    tags: z.array(
        z.object({
            manifest_digest: z.string(),
            start_ts: z.number(),
            end_ts: z.number().optional(),
        }),
    ),
});

describe("a floating tag", function () {
    this.timeout(30_000);

    let quay: Quay;
    let api: Api;
    let context: Context;
    let first: string;
    let second: string;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        const token = quay.createToken({ user: "alice" });
        api = new Api(quay.url, token);
        context = contextOf(quay, token);
        first = await pushImage(quay, "alice", "alice/app", ["1.0.0"]);
        second = await pushImage(quay, "alice", "alice/app", ["1.1.0"]);
    });
    afterEach(() => quay.stop());

    const tag = "/repository/alice/app/tag/running";
    const inputs = (digest: string) => ({ repository: "alice/app", tag: "running", digest });
    /** What the tag named, the newest first, and whether it still does. */
    const history = async () => {
        const { json } = await api.get("/repository/alice/app/tag/?specificTag=running");
        const { tags } = rows.parse(json);
        for (const [index, { start_ts }] of tags.slice(0, -1).entries()) {
            const former = tags[index + 1]?.end_ts;
            ok(former !== undefined && former <= start_ts, "two digests at a time");
        }
        return tags.map(({ manifest_digest: digest, end_ts }) => [digest, end_ts === undefined]);
    };
    /** Changes the digest as the engine does. */
    const update = async (from: string, to: string, by = context) => {
        const { changes, replaces } = floatingTag.diff(inputs(from), inputs(to));
        deepEqual([[...changes.keys()], replaces], [["digest"], []]);
        return floatingTag.update("alice/app:running", inputs(from), inputs(to), by);
    };

    it("moves with the digest and back, and its history says so after it was removed", async () => {
        const { id, state } = await make(floatingTag, inputs(first), context);
        equal(id, "alice/app:running");
        await update(first, second);
        await update(second, first);
        deepEqual(await history(), [
            [first, true],
            [second, false],
            [first, false],
        ]);
        await floatingTag.delete(id, state, context);
        equal(await floatingTag.read(id, state, context), undefined);
        deepEqual(await history(), [
            [first, false],
            [second, false],
            [first, false],
        ]);
    });

    it("that names the digest already is not set again", async () => {
        expectReply(await api.put(tag, { manifest_digest: first }), 201);
        quay.clearRequests();
        await make(floatingTag, inputs(first), context);
        deepEqual(quay.requests({ method: "PUT" }), []);
        deepEqual(await history(), [[first, true]]);
    });

    it("that exists is moved", async () => {
        expectReply(await api.put(tag, { manifest_digest: second }), 201);
        await make(floatingTag, inputs(first), context);
        deepEqual(await history(), [
            [first, true],
            [second, false],
        ]);
    });

    it("that was moved or removed by hand is a difference, and is set back", async () => {
        const { id, state } = await make(floatingTag, inputs(first), context);
        expectReply(await api.put(tag, { manifest_digest: second }), 201);
        const moved = await floatingTag.read(id, state, context);
        deepEqual(moved?.inputs, inputs(second));
        await update(second, first);
        deepEqual((await floatingTag.read(id, state, context))?.inputs, inputs(first));
        expectReply(await api.delete(tag), 204);
        equal(await floatingTag.read(id, state, context), undefined);
        await update(second, first);
        deepEqual((await floatingTag.read(id, state, context))?.inputs, inputs(first));
    });

    it("is removed wherever it points to, and also where it or its repository is gone", async () => {
        const { id, state } = await make(floatingTag, inputs(first), context);
        expectReply(await api.put(tag, { manifest_digest: second }), 201);
        await floatingTag.delete(id, state, context);
        equal(await floatingTag.read(id, state, context), undefined);
        await floatingTag.delete(id, state, context);
        expectReply(await api.delete("/repository/alice/app"), 204);
        await floatingTag.delete(id, state, context);
    });

    it("cannot name what the repository has not, nor be in one that there is not", async () => {
        const other = await pushImage(quay, "alice", "alice/other", ["1.0.0"]);
        await rejects(
            make(floatingTag, inputs(other), context),
            new RegExp(`There is no ${other} in alice/app .*the tag running can name only`),
        );
        const nowhere = { ...inputs(first), repository: "alice/none" };
        await rejects(make(floatingTag, nowhere, context), /There is no repository alice\/none/);
        await make(floatingTag, inputs(first), context);
        expectReply(await api.delete("/repository/alice/app"), 204);
        await rejects(update(first, second), /is not on Quay any more.*pulumi refresh/);
    });

    it("that a policy made immutable is an error, with the way out", async () => {
        const { id, state } = await make(floatingTag, inputs(first), context);
        const policy = { tagPattern: "r.*" };
        expectReply(await api.post("/repository/alice/app/immutabilitypolicy/", policy), 201);
        const said = /tag running of alice\/app .*cannot be changed.*Change the policy's pattern/;
        await rejects(update(first, second), said);
        await rejects(floatingTag.delete(id, state, context), said);
    });

    it("is replaced in another repository, or by another tag", () => {
        const before = inputs(first);
        for (const [key, value] of [
            ["repository", "alice/other"],
            ["tag", "current"],
        ] as const) {
            const { replaces, deleteBeforeReplace } = floatingTag.diff(before, {
                ...before,
                [key]: value,
            });
            deepEqual([replaces, deleteBeforeReplace], [[key], false]);
        }
    });

    const troubles: [what: string, fault: Fault, fails: boolean][] = [
        ["a reset before it was done", { reset: "before" }, false],
        ["a reset before the answer", { reset: "after" }, false],
        ["a page instead of doing it", { status: 200 }, false],
        ["a page instead of the answer", { answer: "html" }, false],
        ["half of the answer", { answer: "cut" }, false],
        ["JSON of another form", { answer: "other" }, false],
        ["500 before it was done", { status: 500 }, true],
        ["500 when it was done", { answer: "failed" }, false],
        ["502", { status: 502 }, false],
    ];
    for (const [what, fault, fails] of troubles) {
        it(`is set once, and moved once, in spite of ${what}`, async () => {
            const attempt = async (run: () => Promise<unknown>) => {
                const heal = quay.faults.add({ ...fault, method: "PUT", times: 1 });
                const error: unknown = await run().catch((thrown: unknown) => thrown);
                heal();
                equal(error instanceof QuayError, fails, String(error));
                if (error instanceof QuayError) await run(); // the next `up`
            };
            await attempt(() => make(floatingTag, inputs(first), context));
            await attempt(() => update(first, second));
            deepEqual(await history(), [
                [second, true],
                [first, false],
            ]);
        });
    }

    it("is a tag, of a digest", async () => {
        const { failures } = await floatingTag.check(
            { repository: "app", tag: "a b", digest: "latest" },
            {},
            context,
        );
        equal(failures.length, 3);
        match(failures.join(), /"repository".*"tag" = "a b": must be a tag.*"digest" = "latest"/s);
    });
});
