import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Context } from "../../../quay/definition/context.ts";
import { proxyCache } from "../../../quay/resources/proxyCache.ts";
import { quota } from "../../../quay/resources/quota.ts";
import { repositoryMirror } from "../../../quay/resources/repositoryMirror.ts";
import { Secret } from "../../../quay/definition/values.ts";
import { type Quay, type QuayOptions, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply } from "../../../sandbox/quayApi.ts";
import { pushImage } from "../../../sandbox/registryClient.ts";
import { contextOf, make } from "./context.ts";

describe("where images come from, and how much room they have", function () {
    this.timeout(30_000);

    let quay: Quay;
    let api: Api;
    let context: Context;

    async function start(options: QuayOptions = {}): Promise<void> {
        quay = await startQuay(options);
        quay.createUser("alice", { superUser: true });
        quay.createOrganization("acme", "alice");
        const token = quay.createToken({ user: "alice" });
        api = new Api(quay.url, token);
        context = contextOf(quay, token);
        const json = { repository: "copy", visibility: "private", description: "" };
        expectReply(await api.post("/repository", json), 201);
        expectReply(await api.put("/user/robots/deploy"), 201);
    }
    afterEach(() => quay.stop());

    const mirror = {
        repository: "alice/copy",
        externalReference: "quay.example.com/acme/base",
        tags: ["1.*"],
        robot: "alice+deploy",
        username: "reader",
        password: new Secret("MIRROR-PASSWORD"),
    };

    describe("a mirror", () => {
        it("makes the repository one, is changed in place, and leaves neither effect nor credentials", async () => {
            await start();
            const { id, inputs, state } = await make(repositoryMirror, mirror, context);
            expectReply(await api.get("/repository/alice/copy"), 200, { state: "MIRROR" });
            const path = "/repository/alice/copy/mirror";
            expectReply(await api.get(path), 200, {
                is_enabled: true,
                external_reference: mirror.externalReference,
                sync_interval: 86_400,
                root_rule: { rule_kind: "tag_glob_csv", rule_value: ["1.*"] },
            });
            deepEqual((await repositoryMirror.read(id, state, context))?.state, state);
            const changed = { ...inputs, tags: ["2.*"], enabled: false };
            const after = await repositoryMirror.update(id, state, changed, context);
            deepEqual((await repositoryMirror.read(id, after, context))?.state, after);
            await repositoryMirror.delete(id, after, context);
            expectReply(await api.get("/repository/alice/copy"), 200, { state: "NORMAL" });
            expectReply(await api.get(path), 200, {
                is_enabled: false,
                external_registry_username: null,
            });
            equal(JSON.stringify(quay.dump()).includes("MIRROR-PASSWORD"), false);
            equal(await repositoryMirror.read(id, after, context), undefined);
            // What Quay keeps of it is used again.
            const again = await make(repositoryMirror, { ...mirror, tags: ["3.*"] }, context);
            deepEqual((await repositoryMirror.read(id, again.state, context))?.state, again.state);
        });

        it("shows what was changed by hand", async () => {
            await start();
            const { id, state } = await make(repositoryMirror, mirror, context);
            const path = "/repository/alice/copy/mirror";
            const external_reference = "quay.example.org/evil/base";
            expectReply(await api.put(path, { external_reference, sync_interval: 60 }), 201);
            const found = await repositoryMirror.read(id, state, context);
            equal(found?.inputs["externalReference"], external_reference);
            equal(found.inputs["syncIntervalSeconds"], 60);
        });

        it("is an error that says so where Quay has the feature switched off", async () => {
            await start({ features: { repositoryMirror: false } });
            await rejects(
                make(repositoryMirror, mirror, context),
                /has no mirrors: FEATURE_REPO_MIRROR is switched off/,
            );
        });
    });

    describe("a proxy cache", () => {
        const cache = { organization: "acme", upstreamRegistry: "registry.example.com" };

        it("is replaced by another, for Quay cannot change one, and keeps the credentials in the state", async () => {
            await start();
            const credentials = { username: "reader", password: new Secret("CACHE-PASSWORD") };
            const made = await make(proxyCache, { ...cache, ...credentials }, context);
            deepEqual((await proxyCache.read("acme", made.state, context))?.state, made.state);
            const other = { ...made.inputs, upstreamRegistry: "registry.example.org" };
            const { replaces, deleteBeforeReplace } = proxyCache.diff(made.inputs, other);
            deepEqual([replaces, deleteBeforeReplace], [["upstreamRegistry"], true]);
        });

        it("is refused with Quay's reason where tags are immutable, and where the feature is switched off", async () => {
            await start();
            const json = { repository: "app", namespace: "acme", visibility: "private" };
            expectReply(await api.post("/repository", { ...json, description: "" }), 201);
            await pushImage(quay, "alice", "acme/app", ["1.0.0"]);
            const policies = "/repository/acme/app/immutabilitypolicy/";
            expectReply(await api.post(policies, { tagPattern: "1.*" }), 201);
            await rejects(make(proxyCache, cache, context), /immutable tags exist/);
            await quay.stop();
            await start({ features: { proxyCache: false, quota: false } });
            await rejects(
                make(proxyCache, cache, context),
                /has no proxy caches: FEATURE_PROXY_CACHE is switched off/,
            );
            await rejects(
                make(quota, { organization: "acme", limitBytes: 1 }, context),
                /has no quotas: FEATURE_QUOTA_MANAGEMENT is switched off/,
            );
        });
    });

    describe("a quota", () => {
        const given = {
            organization: "acme",
            limitBytes: 1000,
            limits: [{ type: "Warning", percent: 80 }],
        };

        it("has its size and its limits changed, each to what it is to be", async () => {
            await start();
            const made = await make(quota, given, context);
            const { id } = made;
            let { inputs, state } = made;
            for (const [limitBytes, limits] of [
                [2000, [{ type: "Reject", percent: 100 }]],
                [
                    2000,
                    [
                        { type: "Reject", percent: 100 },
                        { type: "Warning", percent: 50 },
                    ],
                ],
                [1000, []],
            ] as const) {
                inputs = { ...inputs, limitBytes, limits };
                state = await quota.update(id, state, inputs, context);
                deepEqual((await quota.read(id, state, context))?.state, state);
                deepEqual((await quota.read(id, {}, context))?.inputs["limitBytes"], limitBytes);
            }
            await quota.delete(id, state, context);
            equal(await quota.read(id, state, context), undefined);
        });

        it("is kept in the state where a limit failed, and the next update sets the rest", async () => {
            await start();
            const mend = quay.faults.add({ method: "POST", path: "/limit$", status: 500 });
            await rejects(make(quota, given, context), (error) => {
                return error instanceof Error && "id" in error && error.id === "acme";
            });
            mend();
            const found = await quota.read("acme", {}, context);
            deepEqual(found?.inputs["limits"], []);
            const state = await quota.update("acme", found.state, given, context);
            deepEqual((await quota.read("acme", state, context))?.inputs["limits"], given.limits);
        });
    });
});
