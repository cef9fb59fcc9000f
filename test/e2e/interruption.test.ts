import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Hold } from "../standins/quay/faults.ts";
import { type Quay, startQuay } from "../standins/quay/server.ts";
import { Project, type Running, run, temporary } from "./project.ts";

/** A repository with everything that belongs to it, and an image that is published to it. */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { QuayRepository } from "./components/quayRepository.ts";
import { ServiceImage } from "./components/serviceImage.ts";

const repository = new QuayRepository("digits", {
    namespace: "alice", repository: "digits", robot: "digits_robot", autoPrune: [{ keep: 10 }], immutableTags: "[0-9.]+",
});
const publish = { version: "1.0.0", username: repository.robotUsername, password: repository.robotToken };
const context = new pulumi.Config("mlops").require("context");
export const { digest } = new ServiceImage("digits", { repository: repository.image, context, publish });
`;

/** Every request of the chain that changes something, and one of each kind that reads. */
const steps: Record<string, { readonly method: string; readonly path: string }> = {
    "the token is proved": { method: "GET", path: "^/api/v1/user/$" },
    "the repository is made": { method: "POST", path: "^/api/v1/repository$" },
    "the robot is made": { method: "PUT", path: "^/api/v1/user/robots/digits_robot$" },
    "the robot gets its right": { method: "PUT", path: "/permissions/user/" },
    "the auto-prune policy is made": { method: "POST", path: "/autoprunepolicy/" },
    "the immutability policy is made": { method: "POST", path: "/immutabilitypolicy/" },
    "Docker logs in": { method: "GET", path: "^/v2/auth.*digits_robot" },
    "the push begins": { method: "POST", path: "^/v2/alice/digits/blobs/uploads/" },
    "a layer goes up": { method: "PATCH", path: "^/v2/alice/digits/blobs/uploads/" },
    "a layer is complete": { method: "PUT", path: "^/v2/alice/digits/blobs/uploads/" },
    "the manifest is pushed": { method: "PUT", path: "^/v2/alice/digits/manifests/ctx-" },
    "the digest is read": { method: "(GET|HEAD)", path: "^/v2/alice/digits/manifests/" },
    "the version is set": { method: "PUT", path: "^/v2/alice/digits/manifests/1.0.0" },
    "latest is set": { method: "PUT", path: "^/v2/alice/digits/manifests/latest" },
};

/** What the Quay has. */
const dumped = z.object({
    accounts: z.record(z.string(), z.object({ robots: z.record(z.string(), z.unknown()) })),
    repositories: z.record(
        z.string(),
        z.object({
            userRoles: z.record(z.string(), z.string()),
            tags: z.array(z.object({ name: z.string(), digest: z.string() })),
            autoPrune: z.array(z.unknown()),
            immutability: z.array(z.unknown()),
        }),
    ),
});

describe("an up that is interrupted", () => {
    let quay: Quay;
    let token: string;
    let project: Project;
    let context: string;

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        context = join(temporary("context"), "service");
        mkdirSync(context);
        writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY content /content\n");
        writeFileSync(join(context, "content"), "one");
        project = await Project.create({ context }, { QUAY_URL: quay.url, QUAY_TOKEN: token }, undefined, program);
    });
    afterEach(async () => {
        const images = (await run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", `${quay.registry}/*/*`])).stdout.trim();
        if (images !== "") await run("docker", ["rmi", ...images.split("\n")]);
        project.remove();
        rmSync(join(context, ".."), { recursive: true });
        await quay.stop();
    });

    const startUp = (): Running =>
        project.start("pulumi", "up", "--stack", "local", "--yes", "--skip-preview", "--non-interactive", "--color", "never");

    /** One `up`, and everything is there, once; the next one has nothing to do. */
    async function expectConverged(): Promise<void> {
        const { failed, output } = await project.up();
        equal(failed, false, output);
        ok(!output.includes("pending operations"), output);
        const { accounts, repositories } = dumped.parse(quay.dump());
        deepEqual(Object.keys(accounts["alice"]?.robots ?? {}), ["digits_robot"]);
        deepEqual(Object.keys(repositories), ["alice/digits"]);
        const { userRoles, tags, autoPrune, immutability } = repositories["alice/digits"] ?? {};
        deepEqual(userRoles, { alice: "admin", "alice+digits_robot": "write" });
        deepEqual([autoPrune?.length, immutability?.length], [1, 1]);
        const digest = await project.output("digest");
        deepEqual(tags?.map((tag) => [tag.name.replace(/ctx-.*/, "ctx"), tag.digest]).sort(), [
            ["1.0.0", digest],
            ["ctx", digest],
            ["latest", digest],
        ]);
        const preview = await project.preview();
        deepEqual(Object.keys(preview.changes), ["same"], preview.output);
    }

    for (const [index, [what, request]] of Object.entries(steps).entries()) {
        const signal = index % 2 === 0 ? "SIGINT" : "SIGTERM";
        it(`by ${signal} while ${what}: up converges`, async () => {
            const held = quay.faults.hold(request);
            const up = startUp();
            await reaches(held, up);
            up.signal(signal);
            await up.prints(/cancelling/);
            held.release();
            equal(await up.ended, 1, up.output);
            await expectConverged();
        });
    }

    for (const [what, request] of Object.entries(steps)) {
        it(`by SIGKILL while ${what}: recover and up converge`, async () => {
            const held = quay.faults.hold(request);
            const up = startUp();
            await reaches(held, up);
            up.signal("SIGKILL");
            equal(await up.ended, null);
            held.release();
            const refused = await project.up();
            match(refused.output, /currently locked by 1 lock/);

            const recovery = project.start("node", "toolchain/recover.ts", "local");
            equal(await recovery.ended, 0, recovery.output);
            match(recovery.output, /was killed: its lock goes/);
            await expectConverged();
        });
    }
});

/** Waits for the request; the command that is to send it must not end before. */
async function reaches({ reached }: Hold, command: Running): Promise<void> {
    const first = await Promise.race([reached.then(() => "reached"), command.ended]);
    equal(first, "reached", command.output);
}
