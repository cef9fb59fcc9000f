import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { Hold } from "../../sandbox/quay/faults.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { baseImage } from "../baseImage.ts";
import { Project, type Running, run, temporary } from "../../sandbox/project.ts";

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

/** Every request of the sequence that changes something, and one of each kind that reads. */
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
    "the digest is read": { method: "HEAD", path: "^/v2/alice/digits/manifests/ctx-" },
    "the version is set": { method: "PUT", path: "^/v2/alice/digits/manifests/1.0.0" },
    "latest is set": { method: "PUT", path: "^/v2/alice/digits/manifests/latest" },
};

/** The state of the Quay. */
const dumped = z.object({
    accounts: z.record(z.string(), z.object({ robots: z.record(z.string(), z.unknown()) })),
    repositories: z.record(
        z.string(),
        z.object({
            userRoles: z.record(z.string(), z.string()),
            /** Includes past ones, with their end. */
            tags: z.array(
                z.object({ name: z.string(), digest: z.string(), end: z.number().optional() }),
            ),
            autoPrune: z.array(z.unknown()),
            immutability: z.array(z.unknown()),
        }),
    ),
});

describe("an interrupted up", () => {
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
        project = await Project.create(
            { context },
            { QUAY_URL: quay.url, QUAY_TOKEN: token },
            undefined,
            program,
        );
    });
    afterEach(async () => {
        const images = (
            await run("docker", [
                "images",
                "--format",
                "{{.Repository}}:{{.Tag}}",
                `${quay.registry}/*/*`,
            ])
        ).stdout.trim();
        if (images !== "") await run("docker", ["rmi", ...images.split("\n")]);
        project.remove();
        rmSync(join(context, ".."), { recursive: true });
        await quay.stop();
    });

    const startUp = (): Running =>
        project.start(
            "pulumi",
            "up",
            "--stack",
            "local",
            "--yes",
            "--skip-preview",
            "--non-interactive",
            "--color",
            "never",
        );

    const recover = (...options: string[]): Running =>
        project.start("node", "operations/recover.ts", "local", ...options);

    /**
     * Runs one `up`, and checks that everything exists once, and that the next one changes nothing.
     */
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
        const current = tags?.filter(({ end }) => end === undefined);
        deepEqual(current?.map((tag) => [tag.name.replace(/ctx-.*/, "ctx"), tag.digest]).sort(), [
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
            // The second one, if it was killed while it wrote the state.
            match(refused.output, /currently locked by 1 lock|failed to load checkpoint: EOF/);

            const recovery = recover();
            equal(await recovery.ended, 0, recovery.output);
            match(recovery.output, /was killed: removing its lock/);
            await expectConverged();
        });
    }

    it("a second up at the same time is refused, and so is recover; the first one completes", async () => {
        const held = quay.faults.hold({ method: "POST", path: "^/api/v1/repository$" });
        const first = startUp();
        await reaches(held, first);
        const second = startUp();
        notEqual(await second.ended, 0);
        match(second.output, /the stack is currently locked by 1 lock/);
        const recovery = recover();
        equal(await recovery.ended, 1, recovery.output);
        match(
            recovery.output,
            /The stack "local" is at work: the process \d+ .*Wait for it, or end it in good order: kill -INT \d+/,
        );
        held.release();
        equal(await first.ended, 0, first.output);
        await expectConverged();
    });

    it("by Ctrl-C during a build: the build continues, and a second Ctrl-C ends it", async () => {
        const steps = `RUN date; echo ${project.folder}; for i in $(seq 300); do echo tick $i; sleep 1; done`;
        writeFileSync(join(context, "Dockerfile"), `FROM ${baseImage()}\n${steps}\n`);
        project.program(`
            import * as pulumi from "@pulumi/pulumi";
            import { ServiceImage } from "./components/serviceImage.ts";
            const context = new pulumi.Config("mlops").require("context");
            new ServiceImage("slow", { repository: "interrupted", context });`);
        const up = project.start("operations/up.sh", "local");
        const log = join(project.folder, ".build/local/slow.log");
        await writes(log, /tick 2\n/, up);
        up.signal("SIGINT");
        await up.prints(
            /A second Ctrl-C ends it at once.*The log of the build: \.build\/local\/slow/s,
        );
        await up.prints(/cancelling/);
        await writes(log, /tick 6\n/, up);
        up.signal("SIGINT");
        equal(await up.ended, 130, up.output);
        match(up.output, /== \.build\/local\/slow\.log\n.*tick 6\n.*CANCELED/s);
        const recovery = recover();
        equal(await recovery.ended, 0, recovery.output);
        match(recovery.output, /RemoteImage slow: pulumi up creates it/);
        equal(recovery.output.includes("lock"), false, recovery.output);
    });

    describe("recover", () => {
        /** A lock as the CLI writes it. */
        function lock(host: string): void {
            const folder = join(project.state, ".pulumi/locks/organization/mlops/local");
            mkdirSync(folder, { recursive: true });
            writeFileSync(
                join(folder, "lock.json"),
                JSON.stringify({
                    pid: 2 ** 30,
                    username: "alice",
                    hostname: host,
                    timestamp: "2026-01-01T00:00:00Z",
                }),
            );
        }

        beforeEach(() => {
            project.program(
                `import * as docker from "@pulumi/docker"; export const { name } = new docker.Network("interrupted");`,
            );
        });
        afterEach(async () => {
            equal((await project.destroy()).failed, false);
        });

        it("has nothing to do when it runs again", async () => {
            equal((await project.up()).failed, false);
            lock(hostname());
            equal(await recover().ended, 0);
            const again = recover();
            equal(await again.ended, 0, again.output);
            match(again.output, /^There is nothing to recover in the stack "local"\.$/m);
        });

        it("is suggested by make up if that finds the lock", async () => {
            lock(hostname());
            const up = project.start("operations/up.sh", "local");
            equal(await up.ended, 1, up.output);
            match(up.output, /make recover STACK=local/);
            equal(await recover().ended, 0);
        });

        it("reads a state that was being written", async () => {
            equal((await project.up()).failed, false);
            truncateSync(join(project.state, ".pulumi/stacks/mlops/local.json.attrs"));
            const up = project.start("operations/up.sh", "local");
            equal(await up.ended, 1, up.output);
            match(up.output, /make recover STACK=local/);
            equal(await recover().ended, 0);
            deepEqual(Object.keys((await project.up()).changes), ["same"]);
        });

        it("asks before it removes another machine's lock", async () => {
            lock("elsewhere");
            const recovery = recover();
            equal(await recovery.ended, 1, recovery.output);
            match(
                recovery.output,
                /locked by the process 1073741824 of alice on elsewhere, since 2026-01-01T00:00:00Z\. Is it certain/,
            );
            match((await project.up()).output, /currently locked/);
            equal(await recover("--yes").ended, 0);
            equal((await project.up()).failed, false);
        });

        it("removes incomplete Docker objects that would be created under another name", async () => {
            equal((await project.up()).failed, false);
            const network = await project.output("name");
            project.editState(({ checkpoint: { latest } }) => {
                const made = latest.resources.filter(
                    ({ type }) => type === "docker:index/network:Network",
                );
                latest.resources = latest.resources.filter((resource) => !made.includes(resource));
                latest.pending_operations = made.map((resource) => ({
                    type: "creating",
                    resource: { ...resource, id: undefined, outputs: undefined },
                }));
            });
            equal(await recover().ended, 0);
            equal((await project.up()).failed, false);
            notEqual(await project.output("name"), network);
            const { stdout } = await run("docker", [
                "network",
                "ls",
                "--format",
                "{{.Name}}",
                "--filter",
                `name=${network}`,
            ]);
            equal(stdout, "");
        });
    });
});

/** Waits until the file contains this. The command that writes it must not end before. */
async function writes(file: string, pattern: RegExp, command: Running): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(existsSync(file) && pattern.test(readFileSync(file, "utf8")))) {
        const first = await Promise.race([command.ended, setTimeout(100, "time")]);
        equal(first, "time", command.output);
        ok(Date.now() < deadline, `${file} does not have ${String(pattern)}`);
    }
}

/** Waits for the request. The command that sends it must not end before. */
async function reaches({ reached }: Hold, command: Running): Promise<void> {
    const first = await Promise.race([reached.then(() => "reached"), command.ended]);
    equal(first, "reached", command.output);
}
