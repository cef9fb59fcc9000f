import { equal, match, rejects } from "node:assert/strict";
import type { Context } from "../../../quay/definition/context.ts";
import { tagImmutabilityPolicy } from "../../../quay/resources/tagImmutabilityPolicy.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { contextOf as newContext, make } from "./context.ts";

describe("a policy that Quay does not support", () => {
    const inputs = { repository: "alice/app", tagPattern: "v.*", tagPatternMatches: true };
    const quays: Quay[] = [];
    let warnings: string[];

    /** A Quay with the feature or without, and alice/app on it. */
    async function contextOf(immutableTags: boolean): Promise<Context> {
        const quay = await startQuay({ features: { immutableTags } });
        quays.push(quay);
        quay.createUser("alice");
        quay.createOrganization("acme", "alice");
        const token = quay.createToken({ user: "alice" });
        await fetch(`${quay.url}/api/v1/repository`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: JSON.stringify({
                namespace: "alice",
                repository: "app",
                visibility: "private",
                description: "",
            }),
        });
        return newContext(quay, token, warnings);
    }
    beforeEach(() => {
        warnings = [];
    });
    afterEach(async () => {
        await Promise.all(quays.splice(0).map((quay) => quay.stop()));
    });

    it("is an error, unless it is to be a warning", async () => {
        const context = await contextOf(false);
        await rejects(
            tagImmutabilityPolicy.create({ ...inputs, ifUnsupported: "fail" }, context),
            /FEATURE_IMMUTABLE_TAGS.* switched off/,
        );
        equal(warnings.length, 0);
        const { id } = await tagImmutabilityPolicy.create(
            { ...inputs, ifUnsupported: "warn" },
            context,
        );
        equal(id, "alice/app:unsupported");
        match(
            warnings.join("\n"),
            /^Quay at http.* has no immutability policy: .* alice\/app goes without\.$/,
        );
    });

    it("stays as it is while that holds: read, changed and deleted without an error", async () => {
        const context = await contextOf(false);
        const { id, state } = await tagImmutabilityPolicy.create(
            { ...inputs, ifUnsupported: "warn" },
            context,
        );
        equal((await tagImmutabilityPolicy.read(id, state, context))?.inputs["tagPattern"], "v.*");
        await tagImmutabilityPolicy.update(
            id,
            state,
            { ...inputs, tagPattern: "w.*", ifUnsupported: "warn" },
            context,
        );
        await tagImmutabilityPolicy.delete(id, state, context);
    });

    for (const place of [{ repository: "alice/app" }, { namespace: "acme" }]) {
        it(`is gone, where it held for a ${Object.keys(place).join("")}, once the feature is switched off`, async () => {
            const policy = { ...place, tagPattern: "v.*" };
            const { id, state } = await make(tagImmutabilityPolicy, policy, await contextOf(true));
            const context = await contextOf(false);
            equal(await tagImmutabilityPolicy.read(id, state, context), undefined);
            await tagImmutabilityPolicy.delete(id, state, context);
            if ("namespace" in place)
                await rejects(
                    tagImmutabilityPolicy.read(id, {}, context),
                    /FEATURE_IMMUTABLE_TAGS/,
                );
        });
    }

    it("is gone for a refresh once Quay supports it, so that the next up makes it; a change says so", async () => {
        const { id, state } = await tagImmutabilityPolicy.create(
            { ...inputs, ifUnsupported: "warn" },
            await contextOf(false),
        );
        const context = await contextOf(true);
        equal(await tagImmutabilityPolicy.read(id, state, context), undefined);
        await rejects(
            tagImmutabilityPolicy.update(id, state, { ...inputs, ifUnsupported: "warn" }, context),
            /supports .* now\. Run `pulumi refresh`/,
        );
    });
});
