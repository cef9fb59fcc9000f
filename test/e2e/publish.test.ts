import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { Project, run, temporary } from "../../sandbox/project.ts";

/**
 * A repository with its robot, and an image that is published to it: the components as another
 * program would use them.
 */
const program = `
import * as pulumi from "@pulumi/pulumi";
import { QuayRepository, type QuayRepositoryArgs } from "./components/quayRepository.ts";
import { ServiceImage } from "./components/serviceImage.ts";

const config = new pulumi.Config("mlops");
const repository = new QuayRepository("digits", config.requireObject<QuayRepositoryArgs>("repository"));
const { robotUsername, robotToken } = repository;
const publish = { version: config.require("version"), username: robotUsername, password: robotToken };
const image = new ServiceImage("digits", { repository: repository.image, context: config.require("context"), publish });
export const { digest, reference } = image;
export { robotUsername, robotToken };
`;
const noEngine = "tcp://127.0.0.1:1";

describe("publishing to Quay", () => {
    let quay: Quay;
    let token: string;
    let project: Project;
    let context: string;

    /** Writes the service's folder, outside of the project. */
    function write(content: string): void {
        mkdirSync(context, { recursive: true });
        writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY content /content\n");
        writeFileSync(join(context, "content"), content);
    }
    const config = (repository: Record<string, unknown> = {}, version = "1.0.0") => ({
        repository: {
            namespace: "alice",
            repository: "digits",
            robot: "digits_robot",
            ...repository,
        },
        version,
        context,
    });
    const elsewhere = (env: Record<string, string> = {}): Promise<Project> =>
        Project.create(
            config(),
            { QUAY_URL: quay.url, QUAY_TOKEN: token, ...env },
            project.state,
            program,
        );
    const up = async (of = project): Promise<void> => {
        const { failed, output } = await of.up();
        equal(failed, false, output);
    };

    /**
     * Runs the docker client, with its own logins.
     * @returns whether it succeeded, and its output
     */
    async function docker(...command: string[]): Promise<{ ok: boolean; text: string }> {
        try {
            const env = { ...process.env, DOCKER_CONFIG: join(context, "../docker") };
            const { stdout, stderr } = await promisify(execFile)("docker", command, { env });
            return { ok: true, text: stdout + stderr };
        } catch (error) {
            return { ok: false, text: String(error) };
        }
    }
    async function login(): Promise<{ ok: boolean; text: string }> {
        return docker(
            "login",
            quay.registry,
            "--username",
            await project.output("robotUsername"),
            "--password",
            await project.output("robotToken"),
        );
    }
    /** Returns tag → digest, from Quay's API. */
    async function tags(): Promise<Record<string, string>> {
        const response = await fetch(
            `${quay.url}/api/v1/repository/alice/digits/tag/?onlyActiveTags=true`,
            {
                headers: { authorization: `Bearer ${token}` },
            },
        );
        const { tags } = (await response.json()) as {
            tags: { name: string; manifest_digest: string }[];
        };
        return Object.fromEntries(tags.map(({ name, manifest_digest }) => [name, manifest_digest]));
    }
    async function robots(): Promise<string[]> {
        const response = await fetch(`${quay.url}/api/v1/user/robots?token=false`, {
            headers: { authorization: `Bearer ${token}` },
        });
        return ((await response.json()) as { robots: { name: string }[] }).robots
            .map(({ name }) => name)
            .sort();
    }

    beforeEach(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        context = join(temporary("context"), "service");
        write("one");
        project = await Project.create(
            config(),
            { QUAY_URL: quay.url, QUAY_TOKEN: token },
            undefined,
            program,
        );
    });
    afterEach(async () => {
        project.setEnvironment("QUAY_TOKEN", token);
        const { failed, output } = await project.destroy();
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
        equal(failed, false, output);
    });

    it("previews a first up without a request to Quay, without a Docker engine", async () => {
        project.setEnvironment("DOCKER_HOST", noEngine);
        const { failed, output } = await project.preview();
        equal(failed, false, output);
        deepEqual(quay.requests(), []);
    });

    it("pushes the image by its content, and tags that digest with version and latest", async () => {
        await up();
        const digest = await project.output("digest");
        const found = await tags();
        deepEqual(Object.values(found), [digest, digest, digest]);
        deepEqual(Object.keys(found).sort()[0], "1.0.0");
        ok(Object.keys(found).some((tag) => /^ctx-[0-9a-f]{20}$/.test(tag)));
        equal(await project.output("reference"), `${quay.registry}/alice/digits@${digest}`);
    });

    it("gives its robot permission to push there, and nowhere else", async () => {
        await up();
        ok((await login()).ok);
        const image = `${quay.registry}/alice/digits`;
        equal((await docker("pull", `${image}:1.0.0`)).ok, true);
        await docker("tag", `${image}:1.0.0`, `${image}:by-hand`);
        equal((await docker("push", `${image}:by-hand`)).ok, true);
        await docker("tag", `${image}:1.0.0`, `${quay.registry}/alice/other:1.0.0`);
        match((await docker("push", `${quay.registry}/alice/other:1.0.0`)).text, /unauthorized/);
    });

    it("sends no request to Quay or the Docker engine without a change, on another machine too", async () => {
        await up();
        quay.clearRequests();
        const other = await elsewhere({ DOCKER_HOST: noEngine });
        for (const changes of [(await other.preview()).changes, (await other.up()).changes])
            deepEqual(Object.keys(changes), ["same"]);
        rmSync(other.folder, { recursive: true });
        deepEqual(quay.requests(), []);
    });

    it("refuses another content for an existing version, with both digests; a raised version works", async () => {
        await up();
        const first = await project.output("digest");
        write("two");
        const { failed, output } = await project.up();
        equal(failed, true);
        match(
            output,
            new RegExp(
                `digits:1\\.0\\.0 points at ${first}, and this program wants sha256:[0-9a-f]{64}.*raise the version`,
                "s",
            ),
        );
        equal((await tags())["1.0.0"], first);

        project.configure(config({}, "1.1.0"));
        await up();
        const second = await project.output("digest");
        const found = await tags();
        notEqual(second, first);
        deepEqual([found["1.0.0"], found["1.1.0"], found["latest"]], [first, second, second]);
    });

    it("makes versions immutable that are there already, and releases the next one", async () => {
        await up();
        const first = await project.output("digest");
        const immutable = { immutableTags: String.raw`[0-9]+\.[0-9]+\.[0-9]+.*` };
        project.configure(config(immutable));
        const { failed, changes, output } = await project.up();
        equal(failed, false, output);
        deepEqual({ ...changes, same: 0 }, { create: 1, same: 0 });
        const deleted = await fetch(`${quay.url}/api/v1/repository/alice/digits/tag/1.0.0`, {
            method: "DELETE",
            headers: { authorization: `Bearer ${token}` },
        });
        equal(deleted.status, 409);

        write("two");
        match((await project.up()).output, /digits:1\.0\.0 points at .*raise the version/);
        project.configure(config(immutable, "1.1.0"));
        await up();
        const second = await project.output("digest");
        const found = await tags();
        deepEqual([found["1.0.0"], found["1.1.0"], found["latest"]], [first, second, second]);
    });

    it("completes a failed push, on a machine that does not have the image", async () => {
        const heal = quay.faults.add({ path: "^/v2/.*/manifests/", method: "PUT", status: 500 });
        equal((await project.up()).failed, true);
        heal();
        const images = (
            await run("docker", ["images", "--quiet", `${quay.registry}/alice/digits`])
        ).stdout
            .trim()
            .split("\n");
        await run("docker", ["rmi", "--force", ...images]);
        const other = await elsewhere();
        await up(other);
        rmSync(other.folder, { recursive: true });
        equal((await tags())["1.0.0"], await project.output("digest"));
    });

    describe("rotation", () => {
        it("creates a new robot and keeps the previous one, until the next rotation or its retirement", async () => {
            await up();
            const first = {
                username: await project.output("robotUsername"),
                token: await project.output("robotToken"),
            };
            equal(first.username, "alice+digits_robot");
            const oldLogin = async () =>
                (
                    await docker(
                        "login",
                        quay.registry,
                        "--username",
                        first.username,
                        "--password",
                        first.token,
                    )
                ).ok;

            project.configure(config({ rotation: 1 }));
            await up();
            const second = await project.output("robotUsername");
            match(second, /^alice\+digits_robot_[a-z0-9]{6}$/);
            deepEqual(await robots(), [first.username, second]);
            deepEqual([await oldLogin(), (await login()).ok], [true, true]);

            project.configure(config({ rotation: 2 }));
            await up();
            const third = await project.output("robotUsername");
            deepEqual(await robots(), [second, third].sort());
            equal(await oldLogin(), false);

            project.configure(config({ rotation: 2, retire: true }));
            await up();
            deepEqual(await robots(), [third]);
            ok((await login()).ok);
        });

        it("revokes a leaked robot in one up, and pushes nothing again", async () => {
            await up();
            const before = await tags();
            project.configure(config({ rotation: 1, retire: true }));
            await up();
            deepEqual(await robots(), [await project.output("robotUsername")]);
            deepEqual(await tags(), before);
        });

        it("does not interrupt a push that takes longer than the rotation", async () => {
            await up();
            ok((await login()).ok);
            const image = `${quay.registry}/alice/digits:slow`;
            writeFileSync(
                join(context, "content"),
                Buffer.alloc(400_000, "incompressible".repeat(999)),
            );
            writeFileSync(
                join(context, "random"),
                Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))),
            );
            writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY random /random\n");
            ok((await docker("build", "--quiet", "--tag", image, context)).ok);
            const goOn = quay.faults.add({ path: "^/v2/.*/blobs/uploads/", bytesPerSecond: 1 });
            let pushed = false;
            const push = docker("push", image).then((result) => {
                pushed = true;
                return result;
            });
            write("one");
            project.configure(config({ rotation: 1 }));
            await up();
            equal(pushed, false, "the push is still under way when the rotation is done");
            goOn();
            const { ok: succeeded, text } = await push;
            equal(succeeded, true, text);
            ok((await tags())["slow"]);
        });
    });

    it("adopts a token that was regenerated manually, and pushes nothing again", async () => {
        await up();
        const before = await tags();
        const old = await project.output("robotToken");
        await fetch(`${quay.url}/api/v1/user/robots/digits_robot/regenerate`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}` },
        });
        // The push is skipped: with refused credentials, the Docker provider takes a pushed image
        // for deleted.
        const { failed, output } = await project.refresh(["**registryImage:RegistryImage**"]);
        equal(failed, false, output);
        await up();
        notEqual(await project.output("robotToken"), old);
        ok((await login()).ok);
        deepEqual(await tags(), before);
    });

    it("publishes an image again, by the same digest, that a refresh with refused credentials took for deleted", async () => {
        await up();
        const before = await tags();
        await fetch(`${quay.url}/api/v1/user/robots/digits_robot/regenerate`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}` },
        });
        equal((await project.refresh()).failed, false);
        await up();
        deepEqual(await tags(), before);
        ok((await login()).ok);
    });

    it("continues with a warning if Quay has no policies", async () => {
        const without = await startQuay({ features: { autoPrune: false, immutableTags: false } });
        without.createUser("alice");
        const policies = {
            autoPrune: [{ tagPattern: "ctx-.*", keepFor: "4w" }],
            immutableTags: "[0-9].*",
        };
        const there = await Project.create(
            config(policies),
            { QUAY_URL: without.url, QUAY_TOKEN: without.createToken({ user: "alice" }) },
            undefined,
            program,
        );
        try {
            const { failed, output } = await there.up();
            equal(failed, false, output);
            match(
                output,
                /warning: Quay at http:.* has no auto-prune policy: auto-pruning \(FEATURE_AUTO_PRUNE\) is switched off there/,
            );
            match(
                output,
                /warning: Quay at http:.* has no immutability policy: .*FEATURE_IMMUTABLE_TAGS.* alice\/digits goes without/,
            );
            for (const again of [await there.up(), await there.refresh(), await there.preview()]) {
                equal(again.failed, false, again.output);
                deepEqual(Object.keys(again.changes), ["same"]);
            }
        } finally {
            const { failed, output } = await there.destroy();
            there.remove();
            await without.stop();
            equal(failed, false, output);
        }
    });

    describe("whatever is logged", () => {
        /** At level 9 the engine itself logs what it sends to the providers, and gets from them. */
        const ofTheEngine = /arshaling property for RPC/;
        const everything = ["--debug", "--logtostderr", "--logflow", "--verbose"];

        /** Returns the lines with a secret, as it is or as the Docker engine gets it. */
        const secretLines = (text: string): string[] => {
            const secrets = quay.secrets().filter((secret) => secret.length > 8);
            ok(secrets.length >= 3);
            // Base64 shifts with what comes before.
            const encoded = (secret: string) =>
                [0, 1, 2].map((shift) =>
                    Buffer.from("x".repeat(shift) + secret)
                        .toString("base64url")
                        .slice(4, -4),
                );
            const forms = secrets.flatMap((secret) => [secret, ...encoded(secret)]);
            return text.split("\n").filter((line) => forms.some((form) => line.includes(form)));
        };

        for (const [how, options, env] of [
            ["with --debug", ["--debug"], {}],
            ["with TF_LOG=info", [], { TF_LOG: "info" }],
            ["with TF_LOG=trace", ["--debug"], { TF_LOG: "trace" }],
            ["from the lowest level that shows a provider's log", [...everything, "3"], {}],
            ["up to level 8", [...everything, "8"], {}],
        ] as const)
            it(`shows no secret ${how}, while an image is pushed and the robot replaced`, async () => {
                for (const [name, value] of Object.entries(env))
                    project.setEnvironment(name, value);
                const first = await project.up(options);
                equal(first.failed, false, first.output);
                project.configure(config({ rotation: 1 }, "1.1.0"));
                write("two");
                const second = await project.up(options);
                equal(second.failed, false, second.output);
                match(second.output, /RegistryImage digits replaced/);
                const text = [first.output, second.output, project.storedState()].join("\n");
                deepEqual(secretLines(text), []);
            });

        it("shows at level 9 what the engine itself logs, and nothing else", async () => {
            const { failed, output } = await project.up([...everything, "9"]);
            equal(failed, false);
            const lines = secretLines(output);
            ok(lines.length > 0, "the engine does not log secrets any more: say so in the docs");
            deepEqual(
                lines.filter((line) => !ofTheEngine.test(line)),
                [],
            );
            project.configure(config({ rotation: 1 }));
            deepEqual(secretLines((await project.preview()).output), []);
            deepEqual(secretLines(project.storedState()), []);
        });

        it("would show the robot's password, were it not for this project's provider", async () => {
            const file = join(project.folder, "Pulumi.yaml");
            const text = readFileSync(file, "utf8");
            const plain = text.replace(/ +- name: docker\n +path: .*\n/, "");
            notEqual(plain, text);
            writeFileSync(file, plain);
            const { failed, output } = await project.up(["--debug"]);
            equal(failed, false, output);
            const lines = secretLines(output);
            ok(lines.some((line) => line.includes("Using auth config from resource")));
            ok(lines.some((line) => line.includes("Pushing image")));
        });
    });
});
