import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";
import { findRunningProblem } from "../../../quay/api/running.ts";
import { listTagHistory } from "../../../quay/api/tags.ts";
import type { Context } from "../../../quay/definition/context.ts";
import type { Properties } from "../../../quay/definition/values.ts";
import { promotedImage } from "../../../quay/resources/promotedImage.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";

const minute = 60;
const hour = 3600;
const day = 24 * hour;
const clock = String.raw`(\d{4}-\d\d-\d\d )?\d\d:\d\d UTC`;

describe("an image that has to have run", function () {
    this.timeout(30_000);

    let quay: Quay;
    let token: string;
    let api: Api;
    let context: Context;
    let warnings: string[];
    /** The digests of the versions 1.0.0 and 1.1.0 in staging. */
    let first: string;
    let second: string;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        api = new Api(quay.url, token);
        warnings = [];
        context = contextOf(quay, token, warnings);
        const json = { repository: "prod", visibility: "private", description: "" };
        expectReply(await api.post("/repository", json), 201);
        first = await pushImage(quay, "alice", "alice/staging", ["1.0.0"]);
        second = await pushImage(quay, "alice", "alice/staging", ["1.1.0"]);
    });
    afterEach(() => quay.stop());

    /** A healthy rollout in staging, after which some time passes. */
    const run = async (digest: string, seconds: number) => {
        const path = "/repository/alice/staging/tag/running";
        expectReply(await api.put(path, { manifest_digest: digest }), 201);
        quay.ageTags("alice/staging", seconds);
    };
    /** The service is deleted, after which some time passes. */
    const stop = async (seconds: number) => {
        expectReply(await api.delete("/repository/alice/staging/tag/running"), 204);
        quay.ageTags("alice/staging", seconds);
    };
    const inputs = (args: Properties = {}): Properties => ({
        source: `${quay.registry}/alice/staging`,
        target: `${quay.registry}/alice/prod`,
        version: "1.0.0",
        requireRunning: true,
        soak: "1h",
        environment: "staging",
        ...args,
    });
    const preview = async (args: Properties = {}, by = context) => {
        const { failures } = await promotedImage.check(inputs(args), {}, by);
        deepEqual(failures, []);
    };
    const refused = async (args: Properties, ...says: (RegExp | string)[]) => {
        await rejects(preview(args), ({ message }: Error) => {
            for (const said of says) match(message, new RegExp(said));
            return true;
        });
    };

    it("is promoted once it has run for that time, and refused in the preview before", async () => {
        await run(first, 12 * minute);
        await refused(
            {},
            String.raw`^1\.0\.0 \(${first.slice(0, 19)}…\) has been running in staging for 12 min ` +
                `of 1 h; it may be promoted from ${clock}\\.$`,
        );
        quay.ageTags("alice/staging", 47 * minute);
        await refused({}, "for 59 min of 1 h");
        deepEqual(Object.keys(await tagsIn("alice/prod")), []);
        quay.ageTags("alice/staging", minute);
        await make(promotedImage, inputs(), context);
        deepEqual(await tagsIn("alice/prod"), { "1.0.0": first });
    });

    it("says from when on it may be promoted", async () => {
        const now = Date.UTC(2026, 10, 26, 13, 44, 30) / 1000;
        await run(first, Math.floor(Date.now() / 1000) - now + 12 * minute);
        const problem = await findRunningProblem(
            context.api,
            {
                repository: "alice/staging",
                digest: first,
                version: "1.0.0",
                environment: "staging",
                soak: hour,
            },
            now,
        );
        match(problem?.message ?? "", /for 1[12] min.*may be promoted from 14:33 UTC\.$/);
    });

    it("that does not run any more passes if it ran for long enough once, for a roll-back", async () => {
        await run(first, 2 * hour);
        await run(second, 5 * minute);
        await preview();
        await refused({ version: "1.1.0" }, "for 5 min of 1 h");
        await run(first, minute);
        await preview();
        await refused(
            { version: "1.1.0" },
            `1\\.1\\.0 \\(.*\\) no longer runs in staging, and ran there for 5 min of 1 h`,
            `There ran: 1\\.0\\.0 \\(${first.slice(0, 19)}…\\) since ${clock}, 1\\.1\\.0 ` +
                `\\(${second.slice(0, 19)}…\\) from ${clock} to ${clock}, 1\\.0\\.0`,
        );
    });

    it("has to have run without a break", async () => {
        await run(first, 40 * minute);
        await run(second, minute);
        await run(first, 40 * minute);
        await refused({}, "has been running in staging for 40 min of 1 h");
        await stop(minute);
        await run(first, 30 * minute);
        await refused({}, "has been running in staging for 30 min of 1 h");
    });

    it("runs on where its tag is set again", async () => {
        for (let rollout = 0; rollout < 3; rollout++) await run(first, 30 * minute);
        await preview();
        const now = Math.floor(Date.now() / 1000);
        const history = await listTagHistory(context.api, "alice/staging", "running", now);
        deepEqual(
            history?.map(({ digest, end }) => [digest, end]),
            [[first, undefined]],
        );
    });

    it("of a service that was deleted is refused or passes by what its history says", async () => {
        await run(first, hour);
        await run(second, minute);
        await stop(day);
        await preview();
        await refused({ version: "1.1.0" }, "no longer runs in staging, and ran there for 1 min");
    });

    it("passes at once without a time, if it runs", async () => {
        const args = { soak: null };
        await run(first, 0);
        await preview(args);
        await refused(
            { ...args, version: "1.1.0" },
            /1\.1\.0 \(.*\) has not run in staging, and requireRunning asks for that\. There ran: 1\.0\.0/,
        );
        await refused({ version: "1.1.0" }, /asks for that, for 1 h\. There ran: 1\.0\.0/);
    });

    it("is refused where nothing ever ran, with what to do", async () => {
        await refused(
            {},
            /Nothing is known to have run in staging: alice\/staging .*"running".*run that first/,
        );
    });

    it("may be what the target has: it was promoted before, and is a way back", async () => {
        await make(promotedImage, inputs({ requireRunning: false, soak: null }), context);
        await run(second, 2 * hour);
        await make(promotedImage, inputs({ version: "1.1.0" }), context);
        await preview();
        expectReply(await api.delete("/repository/alice/staging"), 204);
        await preview();
    });

    it("is promoted to a repository that there is not yet, nor its namespace", async () => {
        const targets = ["alice/new", "new-organization/prod"].map((repository) => ({
            target: `${quay.registry}/${repository}`,
        }));
        for (const target of targets) await refused(target, /never had the tag "running"/);
        await run(first, hour);
        for (const target of targets) await preview(target);
    });

    it("is not looked for again as long as the digest is the same", async () => {
        await run(first, hour);
        const made = await make(promotedImage, inputs(), context);
        quay.clearRequests();
        const { inputs: checked } = await promotedImage.check(
            inputs({ soak: "2w" }),
            made.inputs,
            context,
        );
        deepEqual(quay.requests(), []);
        deepEqual([...promotedImage.diff(made.inputs, checked).changes.keys()], ["soak"]);
    });

    describe("in the preview of a change to both", () => {
        const both = { publishedBy: "staging" };

        it("is unknown where the version is not there yet", async () => {
            await run(first, day);
            await preview({ ...both, version: "2.0.0" });
            match(warnings.join(), /After staging: digest not yet known/);
        });

        it("is a warning where it does not run yet, and an error in the up", async () => {
            await preview(both);
            match(warnings.join(), /^After staging: .*not yet known.*Nothing is known to have run/);
            await run(second, hour);
            warnings.length = 0;
            await preview(both);
            match(warnings.join(), /^After staging: .*1\.0\.0 \(.*\) has not run in staging/);
            await refused({}, /1\.0\.0 \(.*\) has not run in staging/);
        });

        it("is refused where it runs, because waiting is what it lacks", async () => {
            await run(first, minute);
            await refused(both, "for 1 min of 1 h");
            deepEqual(warnings, []);
        });
    });

    it("needs a token that may read the repository, and says so", async () => {
        await run(first, hour);
        quay.createUser("mallory");
        const stranger = contextOf(quay, quay.createToken({ user: "mallory" }));
        await rejects(
            findRunningProblem(stranger.api, {
                repository: "alice/staging",
                digest: first,
                environment: "staging",
                soak: 0,
            }),
            /refused to read the history of the tag running of alice\/staging \(403\).*repo:read/,
        );
        expectReply(
            await api.post("/repository/alice/staging/changevisibility", { visibility: "public" }),
            200,
        );
        const check = {
            repository: "alice/staging",
            digest: first,
            environment: "staging",
            soak: hour,
        };
        equal(await findRunningProblem(stranger.api, check), undefined);
    });

    it("comes from the provider's Quay, whose history alone is read", async () => {
        const source = "quay.example.com/alice/staging";
        await refused(
            { source, digest: first, tags: ["1.0.0"] },
            /works for 127\.0\.0\.1:\d+ only, not for quay\.example\.com\/alice\/staging/,
        );
    });

    it("cannot be told on a Quay whose list of tags has no times", async () => {
        await run(first, hour);
        const { text } = await api.get("/repository/alice/staging/tag/?specificTag=running");
        const untimed = text.replaceAll(/"(start|end)_ts":\s*\d+,\s*/g, "");
        const server = createServer((_, response) => response.end(untimed));
        await once(server.listen(0, "127.0.0.1"), "listening");
        try {
            const { port } = z.object({ port: z.int() }).parse(server.address());
            const host = `127.0.0.1:${String(port)}`;
            const old = contextOf({ ...quay, url: `http://${host}`, registry: host }, token);
            await rejects(
                listTagHistory(old.api, "alice/staging", "running", 0),
                /its answer has no times\. This Quay is too old/,
            );
        } finally {
            server.closeAllConnections();
            await once(server.close(), "close");
        }
    });

    it("takes a time only with the requirement", async () => {
        const { failures } = await promotedImage.check(
            inputs({ requireRunning: false }),
            {},
            context,
        );
        deepEqual(failures, ["with soak, requireRunning must be true."]);
        const bad = await promotedImage.check(inputs({ soak: "1 hour" }), {}, context);
        match(bad.failures.join(), /"soak" = "1 hour": must be an age such as 30m, 1h or 7d/);
    });

    async function tagsIn(repository: string) {
        const { json } = await api.get(`/repository/${repository}/tag/?onlyActiveTags=true`);
        const { tags } = z
            .object({ tags: z.array(z.object({ name: z.string(), manifest_digest: z.string() })) })
            .parse(json);
        return Object.fromEntries(tags.map((tag) => [tag.name, tag.manifest_digest]));
    }
});
