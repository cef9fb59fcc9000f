import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { startQuay } from "../../../sandbox/quay/server.ts";
import type { Quay } from "../../../sandbox/quay/server.ts";
import { Api, expectReply, textAt } from "../../../sandbox/quayApi.ts";

/** The Quay that the tests use: the sandbox's, or the user's own. */
export interface Target {
    readonly url: string;
    /** As in image names: quay.io */
    readonly registry: string;
    readonly token: string;
    /** The token's user, who is also the namespace. */
    readonly user: string;
    /** The prefix of the names of everything that is created. */
    readonly prefix: string;
    /** Features of the sandbox's Quay only: its log of requests, its state, and its faults. */
    readonly standIn: Quay | undefined;
    /** Removes what the tests themselves have created. */
    remove(): Promise<void>;
}

/** Whether the tests use the user's own Quay (`npm run test:quay`). */
export const ownQuay = process.env["QUAY_NAMESPACE"] !== undefined;

/** Skips a suite that needs features of the sandbox's Quay. */
export function needsStandIn(why: string): Mocha.Func {
    return function () {
        if (!ownQuay) return;
        process.stderr.write(`    skipped against a Quay of one's own: it needs ${why}\n`);
        this.skip();
    };
}

/** Starts the sandbox's Quay, or uses the one in the environment. */
export async function openTarget(): Promise<Target> {
    const { QUAY_URL: url, QUAY_TOKEN: token, QUAY_NAMESPACE: user } = process.env;
    if (user === undefined) return startStandIn();
    assert.ok(url && token && user, "QUAY_URL, QUAY_TOKEN and QUAY_NAMESPACE have to be set");
    const name = textAt(await new Api(url, token).get("/user/"), "username");
    assert.equal(user, name, "QUAY_NAMESPACE has to be the user whom QUAY_TOKEN belongs to");
    return {
        url,
        registry: new URL(url).host,
        token,
        user,
        prefix: `e2e-${randomBytes(4).toString("hex")}-`,
        standIn: undefined,
        remove: () => Promise.resolve(),
    };
}

async function startStandIn(): Promise<Target> {
    const standIn = await startQuay();
    standIn.createUser("alice");
    const token = standIn.createToken({ user: "alice" });
    const { url, registry } = standIn;
    return {
        url,
        registry,
        token,
        user: "alice",
        prefix: "",
        standIn,
        remove: () => standIn.stop(),
    };
}

/** Deletes a repository through the API. */
export async function deleteRepository({ url, token }: Target, repository: string): Promise<void> {
    expectReply(await new Api(url, token).delete(`/repository/${repository}`), 204);
}
