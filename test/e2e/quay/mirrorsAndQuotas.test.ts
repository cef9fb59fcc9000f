import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import * as quay from "../../../quay/sdk/index.ts";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Project } from "./project.ts";
import { needsStandIn } from "./target.ts";

const dumped = z.object({
    accounts: z.record(z.string(), z.unknown()),
    repositories: z.record(z.string(), z.unknown()),
});
const password = "the-reader's-password";

/** A mirror, a proxy cache and a quota; `changed` changes every setting that can change. */
function program(changed = false): PulumiFn {
    return () => {
        const acme = new quay.Organization("acme", { name: "acme" });
        new quay.Quota("acme", {
            organization: acme.name,
            limitBytes: changed ? 2_000_000 : 1_000_000,
            limits: changed
                ? [{ type: "Reject", percent: 100 }]
                : [
                      { type: "Warning", percent: 80 },
                      { type: "Reject", percent: 100 },
                  ],
        });
        const cache = new quay.Organization("cache", { name: "acme-cache" });
        new quay.ProxyCache("cache", {
            organization: cache.name,
            upstreamRegistry: "registry.example.com/library",
            expirationSeconds: changed ? 3600 : 86_400,
        });
        const copy = new quay.Repository("copy", {
            namespace: acme.name,
            name: "copy",
            state: "MIRROR",
        });
        const robot = new quay.Robot("copier", { namespace: acme.name, name: "copier" });
        new quay.RepositoryMirror("copy", {
            repository: copy.fullName,
            robot: robot.username,
            externalReference: "registry.example.com/library/python",
            tags: changed ? ["3.*", "latest"] : ["3.*"],
            username: "reader",
            password: pulumi.secret(password),
        });
        return Promise.resolve();
    };
}

describe("a mirror, a proxy cache and a quota", function () {
    this.timeout(120_000);
    let server: Quay;
    let project: Project;

    before(needsStandIn("a super user"));

    before(async () => {
        server = await startQuay();
        // Only super users may change quotas.
        server.createUser("alice", { superUser: true });
        const token = server.createToken({ user: "alice" });
        project = await Project.create({ QUAY_URL: server.url, QUAY_TOKEN: token });
    });
    after(async () => {
        await project.destroy().catch(() => undefined);
        await project.remove();
        await server.stop();
    });

    it("are created, and nothing is left to do", async () => {
        assert.deepEqual((await project.program(program()).up()).changes, { create: 8 });
        assert.deepEqual(await project.refresh(), {});
        assert.deepEqual((await project.preview()).changes, {});
    });

    it("keep the mirror's password out of the state and of everything printed", async () => {
        assert.equal((await project.state()).includes(password), false);
        assert.equal(project.printed.join("").includes(password), false);
    });

    it("are changed in place, except for the proxy cache, which Quay cannot change", async () => {
        const { changes } = await project.program(program(true)).up();
        assert.deepEqual(changes, { update: 2, replace: 1 });
        assert.deepEqual(await project.refresh(), {});
        assert.deepEqual((await project.preview()).changes, {});
    });

    it("are removed", async () => {
        assert.deepEqual(await project.destroy(), { delete: 8 });
        const { accounts, repositories } = dumped.parse(server.dump());
        assert.deepEqual([Object.keys(accounts), Object.keys(repositories)], [["alice"], []]);
    });
});
