import { equal, match, notEqual, ok } from "node:assert/strict";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stackOutputs } from "../../contract/outputs.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { dockerfile, producer } from "./producer.ts";
import { Project, run, temporary } from "../../sandbox/project.ts";

const root = join(import.meta.dirname, "../..");

interface Answer {
    readonly ok: boolean;
    readonly text: string;
}

describe("a consumer of the outputs", () => {
    let quay: Quay;
    let mlops: Project;
    let folder: string;
    let context: string;
    let env: NodeJS.ProcessEnv;

    async function command(name: string, ...args: string[]): Promise<Answer> {
        try {
            const { stdout, stderr } = await run(name, args, { cwd: folder, env });
            return { ok: true, text: stdout + stderr };
        } catch (error) {
            const { stdout, stderr } = error as { stdout: string; stderr: string };
            return { ok: false, text: stdout + stderr };
        }
    }
    async function succeed(name: string, ...args: string[]): Promise<string> {
        const answer = await command(name, ...args);
        ok(answer.ok, answer.text);
        return answer.text.trim();
    }
    const pulumi = (...args: string[]) =>
        succeed("pulumi", ...args, "--non-interactive", "--color=never");
    const consumerUp = () => pulumi("up", "--yes", "--skip-preview");
    /** The image of the consumer's container, as it was requested. */
    async function running(): Promise<string> {
        const { stdout } = await run("docker", ["ps", "--quiet"]);
        const found = await run("docker", [
            "inspect",
            "--format",
            "{{.Config.Image}}",
            ...stdout.trim().split("\n"),
        ]);
        return found.stdout
            .split("\n")
            .filter((image) => image.startsWith(quay.registry))
            .join();
    }
    /** Removes what building it left on this machine: a consumer has to pull it. */
    async function forgetImages(): Promise<void> {
        const images = (
            await run("docker", ["images", "--quiet", "--no-trunc", `${quay.registry}/*/*`])
        ).stdout.trim();
        if (images !== "") await run("docker", ["rmi", "--force", ...new Set(images.split("\n"))]);
    }
    async function release(version: string, content: string, secret = false): Promise<void> {
        writeFileSync(join(context, "content"), content);
        mlops.configure({ version, context, secret });
        const { failed, output } = await mlops.up();
        equal(failed, false, output);
    }

    before(async () => {
        quay = await startQuay();
        quay.createUser("alice");
        context = temporary("context");
        writeFileSync(join(context, "Dockerfile"), dockerfile);
        const token = quay.createToken({ user: "alice" });
        mlops = await Project.create(
            { version: "1.0.0", context },
            { QUAY_URL: quay.url, QUAY_TOKEN: token },
            undefined,
            producer,
        );

        // As in a separate repository: the reader is installed from its tarball.
        folder = temporary("consumer");
        const docker = join(folder, "docker");
        mkdirSync(docker);
        const own = {
            PULUMI_BACKEND_URL: `file://${mlops.state}`,
            PULUMI_CONFIG_PASSPHRASE: "for the test",
            DOCKER_CONFIG: docker,
        };
        env = { ...process.env, ...own };
        for (const file of ["Pulumi.yaml", "package.json", "index.ts"])
            cpSync(join(root, "contract/consumer", file), join(folder, file));
        const tarball = (
            await run(
                "npm",
                [
                    "pack",
                    "--ignore-scripts=false",
                    "--silent",
                    "--pack-destination",
                    folder,
                    "./contract/reader",
                ],
                {
                    cwd: root,
                },
            )
        ).stdout.trim();
        await succeed("npm", "install", "--silent", "--no-audit", "--no-fund", `./${tarball}`);
        await pulumi("stack", "init", "test");
        await pulumi("config", "set", "environment", "local");
        await pulumi(
            "config",
            "set",
            "--path",
            "docker:registryAuth[0].address",
            `http://${quay.registry}`,
        );
    });
    after(async () => {
        const own = await command(
            "pulumi",
            "destroy",
            "--yes",
            "--skip-preview",
            "--non-interactive",
        );
        const theirs = await mlops.destroy();
        await forgetImages();
        mlops.remove();
        for (const one of [folder, context]) rmSync(one, { recursive: true });
        await quay.stop();
        equal(own.ok, true, own.text);
        equal(theirs.failed, false, theirs.output);
    });

    it("fails in a preview with one message if the stack does not exist, or has no outputs yet", async () => {
        await pulumi("config", "set", "environment", "prod");
        const missing = await command("pulumi", "preview", "--non-interactive", "--color=never");
        equal(missing.ok, false);
        match(
            missing.text,
            /error: There is no stack "organization\/mlops\/prod"\. Deploy it first, or look at the name/,
        );
        await pulumi("config", "set", "environment", "local");
        const empty = await command("pulumi", "preview", "--non-interactive", "--color=never");
        equal(empty.ok, false);
        match(
            empty.text,
            /error: The stack "organization\/mlops\/local" has no outputs yet: `pulumi up` in it comes first\./,
        );
        for (const { text } of [missing, empty]) {
            equal(text.slice(text.indexOf("Diagnostics:")).match(/error: /g)?.length, 1, text);
            equal(/ at .*:\d+:\d+|serializing/.test(text), false, text);
        }
    });

    it("runs the image by the environment's digest", async () => {
        await release("1.0.0", "one");
        await succeed(
            "docker",
            "login",
            quay.registry,
            "-u",
            await mlops.output("robotUsername"),
            "-p",
            await mlops.output("robotToken"),
        );
        await forgetImages();
        await consumerUp();
        const image = await mlops.output("image");
        equal(await pulumi("stack", "output", "image"), image);
        equal(await pulumi("stack", "output", "version"), "1.0.0");
        equal(await running(), image);
    });

    it("changes nothing while the environment stays the same", async () => {
        await pulumi("preview", "--refresh", "--expect-no-changes");
    });

    it("shows a release as one changed digest, and follows it", async () => {
        const before = await mlops.output("image");
        await release("1.1.0", "two");
        const after = await mlops.output("image");
        notEqual(after, before);
        const preview = await pulumi("preview", "--diff");
        ok(preview.includes(`"${before}" => "${after}"`), preview);
        await consumerUp();
        equal(await running(), after);
    });

    it("keeps the producer's secrets secret", async () => {
        await release("1.1.0", "two", true);
        await consumerUp();
        equal(await pulumi("stack", "output", "version"), "[secret]");
        await release("1.1.0", "two");
    });

    it("gets the types of the outputs from the package", async () => {
        writeFileSync(
            join(folder, "tsconfig.json"),
            JSON.stringify({ compilerOptions: { noEmit: true, module: "nodenext", strict: true } }),
        );
        const tsc = join(root, "node_modules/.bin/tsc");
        await succeed(tsc);
        writeFileSync(
            join(folder, "wrong.ts"),
            'import { deployment } from "mlops-reader";\ndeployment("prod").imag;\n',
        );
        const wrong = await command(tsc);
        equal(wrong.ok, false);
        match(
            wrong.text,
            /wrong\.ts\(2,20\): error TS2551: Property 'imag' does not exist.*Did you mean 'image'\?/s,
        );
        rmSync(join(folder, "wrong.ts"));
    });

    it("gets them as JSON in any other language", async () => {
        const json = await pulumi(
            "stack",
            "output",
            "--json",
            "--stack",
            "organization/mlops/local",
        );
        const { image } = stackOutputs.parse(JSON.parse(json)) as { image?: string };
        equal(image, await mlops.output("image"));
    });
});
