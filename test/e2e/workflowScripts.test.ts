import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { parse } from "yaml";
import { z } from "zod";
import { workflowFile } from "../../components/workflow/file.ts";
import type { Platform } from "../../components/workflow/platforms.ts";
import { cacheFolder } from "../../toolchain/cacheFolder.ts";
import type { WorkflowSettings } from "../../components/workflow/settings.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import type { Fault } from "../../sandbox/quay/faults.ts";
import { run, temporary } from "../../sandbox/project.ts";
import { basic, digestOf as hash, image as makeImage } from "../../sandbox/registryClient.ts";
import { imageType, indexType, Registry } from "../../sandbox/registryClient.ts";

/** A service that works only if it can write to /tmp and nowhere else, and has a key or none. */
const service = `package main

import (
	"net/http"
	"os"
)

func main() {
	if os.WriteFile("/proof", nil, 0o600) == nil || os.WriteFile("/tmp/proof", nil, 0o600) != nil || os.Getenv("MODE") == "broken" {
		os.Stderr.WriteString("::add-mask::a\\nthere is no model")
		os.Exit(3)
	}
	if key, found := os.LookupEnv("API_KEY"); os.Getenv("MODE") == "key" && key != "two\\nlines" || os.Getenv("MODE") == "no key" && found {
		println("the key is wrong")
		os.Exit(4)
	}
	for hungry := [][]byte{}; os.Getenv("MODE") == "hungry"; {
		hungry = append(hungry, make([]byte, 1<<20))
		for at := range hungry[len(hungry)-1] {
			hungry[len(hungry)-1][at] = 1
		}
	}
	http.HandleFunc("/health", func(answer http.ResponseWriter, _ *http.Request) {
		if os.Getenv("MODE") == "sick" {
			answer.WriteHeader(503)
		}
	})
	_ = http.ListenAndServe(":8080", nil)
}
`;

const issuer = "https://token.actions.githubusercontent.com";
const subject = "repo:alice/digits:environment:dev";
const robot = "alice+deploy";
const federated: WorkflowSettings["login"] = { robot };
const digestExpression = "steps.commit.outputs.digest || steps.build.outputs.digest";

const workflowForm = z.object({
    jobs: z.object({
        build: z.object({
            steps: z.array(
                z.object({
                    name: z.string(),
                    env: z.record(z.string(), z.string()).optional(),
                    run: z.string().optional(),
                }),
            ),
        }),
    }),
});

/** The result of a script. */
interface Ended {
    readonly code: number;
    readonly output: string;
    /** Its outputs for later steps. */
    readonly outputs: Readonly<Record<string, string>>;
    readonly summary: string;
}

/**
 * Runs the scripts in the workflow file as a runner does, with a real Docker engine, buildx and
 * registry. Actions are not run here, nor is the verification of attestations, which needs GitHub.
 */
describe("the scripts inside the workflows", () => {
    let folder: string;
    let quay: Quay;
    let token: string;
    let image: string;
    /** Issues identities to jobs, as GitHub does. The identity can be switched. */
    let identities: Server;
    let identity: string;
    let audience: string | null;
    const images: string[] = [];

    before(async () => {
        folder = temporary("scripts");
        for (const name of ["service", "checkout"]) mkdirSync(join(folder, name));
        writeFileSync(join(folder, "service/main.go"), service);
        const env = { ...process.env, CGO_ENABLED: "0" };
        await run(
            "go",
            ["build", "-o", join(folder, "service/service"), join(folder, "service/main.go")],
            { env },
        );
        writeFileSync(
            join(folder, "service/Dockerfile"),
            'FROM scratch\nARG VERSION\nLABEL version=$VERSION\nCOPY service /\nUSER 10001\nCMD ["/service"]\n',
        );

        const { publicKey, privateKey } = await generateKeyPair("RS256");
        quay = await startQuay({
            issuers: {
                keys: { [issuer]: { keys: [{ ...(await exportJWK(publicKey)), alg: "RS256" }] } },
            },
        });
        image = `${quay.registry}/alice/digits`;
        quay.createUser("alice");
        token = quay.createToken({ user: "alice" });
        await api("POST", "repository", {
            repository: "digits",
            visibility: "private",
            description: "",
        });
        await api("PUT", "user/robots/deploy", {});
        await api("PUT", `repository/alice/digits/permissions/user/${robot}`, { role: "write" });
        await api("POST", "user/robots/deploy/federation", [{ issuer, subject }]);

        identities = createServer((request, response) => {
            audience = new URL(request.url ?? "", "http://runner").searchParams.get("audience");
            if (request.headers.authorization !== "bearer request-token")
                return void response.writeHead(401).end();
            const claims = new SignJWT({ sub: identity, aud: audience ?? "" })
                .setProtectedHeader({ alg: "RS256" })
                .setIssuer(issuer);
            void claims
                .setExpirationTime("5m")
                .sign(privateKey)
                .then((value) => response.end(JSON.stringify({ value })));
        }).listen(0, "127.0.0.1");
        await once(identities, "listening");
    });
    after(async () => {
        for (const name of images) await run("docker", ["rmi", "--force", name]);
        identities.close();
        await quay.stop();
        rmSync(folder, { recursive: true });
    });

    beforeEach(async () => {
        identity = subject;
        rmSync(join(folder, "docker"), { recursive: true, force: true });
        mkdirSync(join(folder, "docker/cli-plugins"), { recursive: true });
        const plugin = join(cacheFolder(), "buildx/cli-plugins/docker-buildx");
        if (existsSync(plugin))
            symlinkSync(plugin, join(folder, "docker/cli-plugins/docker-buildx"));
        const { code, output } = await step("Log in to the registry with the job's identity token");
        equal(code, 0, output);
    });

    async function api(method: string, path: string, body: unknown): Promise<unknown> {
        const response = await fetch(`${quay.url}/api/v1/${path}`, {
            method,
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            ...(method !== "GET" && { body: JSON.stringify(body) }),
        });
        ok(response.ok, `${method} ${path}: ${String(response.status)}`);
        return response.status === 204 ? undefined : response.json();
    }

    /** Returns tag → digest, from Quay's API. */
    async function tags(): Promise<Record<string, string>> {
        const list = z.object({
            tags: z.array(z.object({ name: z.string(), manifest_digest: z.string() })),
        });
        const { tags } = list.parse(
            await api("GET", "repository/alice/digits/tag/?onlyActiveTags=true", undefined),
        );
        return Object.fromEntries(tags.map(({ name, manifest_digest }) => [name, manifest_digest]));
    }

    /**
     * Builds and pushes an image, in place of the actions that do so.
     *
     * @param commit what it says that it was built from. Default: it does not say.
     * @returns its digest
     */
    async function push(name: string, commit?: string): Promise<string> {
        const env = { ...process.env, DOCKER_CONFIG: join(folder, "docker"), DOCKER_BUILDKIT: "0" };
        const tag = `${image}:sha-${name}`;
        images.push(tag);
        await run(
            "docker",
            [
                "build",
                "--quiet",
                "--build-arg",
                `VERSION=${name}`,
                ...(commit === undefined
                    ? []
                    : [`--label=org.opencontainers.image.revision=${commit}`]),
                "--tag",
                tag,
                join(folder, "service"),
            ],
            { env },
        );
        await run("docker", ["push", "--quiet", tag], { env });
        return (await tags())[`sha-${name}`] ?? "";
    }

    /**
     * Pushes an image as BuildKit does, in an index with the list of its packages. It cannot run.
     *
     * @returns the index's digest
     */
    async function pushFor(architecture: string, commit: string): Promise<string> {
        const repository = "alice/digits";
        const user = basic("$oauthtoken", token);
        const registry = await Registry.login(quay, user, `${repository}:pull,push`);
        const blob = async (mediaType: string, value: object, more: object = {}) => {
            const content = new TextEncoder().encode(JSON.stringify(value));
            const digest = await registry.blob(repository, content);
            return { mediaType, digest, size: content.length, ...more };
        };
        const configType = "application/vnd.oci.image.config.v1+json";
        const packages = "https://spdx.dev/Document";
        const built = await makeImage(registry, repository, {
            config: await blob(configType, {
                os: "linux",
                architecture,
                config: { Labels: { "org.opencontainers.image.revision": commit } },
            }),
        });
        const list = await makeImage(registry, repository, {
            config: await blob(configType, { os: "unknown", architecture: "unknown" }),
            layers: [
                await blob(
                    "application/vnd.in-toto+json",
                    {
                        predicateType: packages,
                        predicate: { spdxVersion: "SPDX-2.3", SPDXID: "1", name: architecture },
                    },
                    { annotations: { "in-toto.io/predicate-type": packages } },
                ),
            ],
        });
        const refersTo = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": hash(built),
        };
        const entry = (manifest: string, platform: object, annotations?: object) => ({
            mediaType: imageType,
            digest: hash(manifest),
            size: Buffer.byteLength(manifest),
            platform,
            annotations,
        });
        const index = JSON.stringify({
            schemaVersion: 2,
            mediaType: indexType,
            manifests: [
                entry(built, { os: "linux", architecture }),
                entry(list, { os: "unknown", architecture: "unknown" }, refersTo),
            ],
        });
        for (const [manifest, type] of [[built], [list], [index, indexType]] as const)
            equal(
                (await registry.manifest(repository, hash(manifest), manifest, type)).status,
                201,
            );
        return hash(index);
    }

    /**
     * Makes a new checkout with these commits, one on top of the other, on the branch main.
     * @returns their ids
     */
    async function commits(...messages: readonly string[]): Promise<string[]> {
        const checkout = join(folder, "checkout");
        rmSync(checkout, { recursive: true, force: true });
        const git = async (...args: string[]): Promise<string> => {
            const who = ["-c", "user.name=alice", "-c", "user.email=alice@example.org"];
            return (await run("git", [...who, "-C", checkout, ...args])).stdout.trim();
        };
        mkdirSync(checkout);
        await git("init", "--quiet");
        for (const message of messages)
            await git("commit", "--quiet", "--allow-empty", "--message", message);
        await git("update-ref", "refs/remotes/origin/main", "HEAD");
        return (await git("log", "--reverse", "--format=%H")).split("\n");
    }

    /**
     * Runs the script of this step of the build workflow in the checkout.
     *
     * @param expressions the values that GitHub would insert for `${{ … }}`
     */
    async function step(
        name: string,
        {
            expressions = {},
            version = "",
            mode = "",
            edit = (text: string) => text,
            timeout = 20,
            path = undefined as string | undefined,
            user = undefined as string | undefined,
            passedOn = [] as string[],
            login = federated,
            platforms = undefined as readonly Platform[] | undefined,
            floatingTags = undefined as readonly string[] | undefined,
            memory = undefined as number | undefined,
        } = {},
    ): Promise<Ended> {
        const settings = {
            name: "Build",
            job: "build",
            path: ".github/workflows/build.yml",
            branch: "main",
            environment: { name: "dev" },
            image,
            login,
            health: {
                port: 8080,
                path,
                timeout,
                env: { MODE: mode },
                passedOn,
                container: { user },
                memory,
            },
            build: { attestation: true, signature: "keyless" as const, platforms, floatingTags },
        };
        const { steps } = workflowForm.parse(parse(workflowFile(settings, "mlops/dev"))).jobs.build;
        const found = steps.find((one) => one.name === name);
        if (found?.run === undefined) throw new Error(`no script in ${name}`);
        const values: Record<string, string> = {
            "steps.version.outputs.version": version,
            ...expressions,
        };
        const fill = (text: string): string =>
            text.replace(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
                const value = values[expression];
                if (value === undefined) throw new Error(`what is ${expression}?`);
                return value;
            });
        const files = {
            script: join(folder, "script.sh"),
            outputs: join(folder, "outputs"),
            summary: join(folder, "summary"),
        };
        writeFileSync(files.script, edit(found.run));
        writeFileSync(files.outputs, "");
        writeFileSync(files.summary, "");
        const address = identities.address();
        const env = {
            PATH: process.env["PATH"],
            HOME: folder,
            DOCKER_CONFIG: join(folder, "docker"),
            ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${String(typeof address === "object" ? address?.port : "")}/?api-version=2.0`,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
            GITHUB_OUTPUT: files.outputs,
            GITHUB_STEP_SUMMARY: files.summary,
            RUNNER_TEMP: folder,
            ...(process.env["DOCKER_HOST"] && { DOCKER_HOST: process.env["DOCKER_HOST"] }),
            ...Object.fromEntries(
                Object.entries(found.env ?? {}).map(([key, value]) => [key, fill(value)]),
            ),
        };
        const ended = await run(
            "bash",
            ["--noprofile", "--norc", "-eo", "pipefail", files.script],
            { env, cwd: join(folder, "checkout") },
        ).then(
            ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
            (error: unknown) => {
                const { code, stdout, stderr } = z
                    .object({ code: z.number(), stdout: z.string(), stderr: z.string() })
                    .parse(error);
                return { code, output: stdout + stderr };
            },
        );
        const outputs = readFileSync(files.outputs, "utf8").trimEnd().split("\n");
        // Whoever reads the run finds one message, and the last step adds no second one.
        const errors = ended.output.match(/^::error title=[\w ]+::.+\.$/gm) ?? [];
        const expected = ended.code === 0 ? 0 : 1;
        deepEqual(
            [errors.length, /::error/g.exec(ended.output)?.length ?? 0],
            [expected, expected],
        );
        equal(outputs.includes("explained=true"), ended.code !== 0, ended.output);
        return {
            ...ended,
            outputs: Object.fromEntries(
                outputs.map((line) => [
                    line.slice(0, line.indexOf("=")),
                    line.slice(line.indexOf("=") + 1),
                ]),
            ),
            summary: readFileSync(files.summary, "utf8"),
        };
    }

    const digestOf = (digest: string, commit = "c0ffee") => ({
        expressions: { [digestExpression]: digest, "github.sha": commit },
    });

    describe("login without a password", () => {
        const name = "Log in to the registry with the job's identity token";

        it("requests an identity only for this registry, and shows secrets only to mask them", async () => {
            const { code, output } = await step(name);
            equal(code, 0, output);
            equal(audience, quay.registry);
            const lines = output.split("\n").filter((line) => /eyJ|request-token/.test(line));
            equal(lines.length, 2);
            for (const line of lines) match(line, /^::add-mask::eyJ/);
        });

        it("passes no secret on a command line", async () => {
            const { output } = await step(name, {
                edit: (text) =>
                    text.replace(
                        "set -euo pipefail",
                        'set -euo pipefail\ncurl() { printf \'args: %s\\n\' "$*" >&2; command curl "$@"; }',
                    ),
            });
            const lines = output.split("\n").filter((line) => line.startsWith("args: "));
            equal(lines.length, 2);
            for (const line of lines) equal(/eyJ|request-token/.test(line), false, line);
        });

        it("says which subject the robot must trust", async () => {
            for (identity of [
                "repo:mallory/digits:environment:dev",
                "repo:a/b:environment:é?>~",
                "repo:alice@1/digits@22:environment:prod",
            ]) {
                const { code, output } = await step(name);
                equal(code, 1);
                ok(
                    output.includes(`The robot's federation has to name the subject ${identity}.`),
                    output,
                );
                match(output, /The registry answered: .*not configured for subject/);
            }
        });

        it("blames neither the subject nor the robot for anything else", async () => {
            const permission = await step(name, {
                edit: (text) => `unset ACTIONS_ID_TOKEN_REQUEST_URL\n${text}`,
            });
            match(
                permission.output,
                /title=Login::.*lacks the permission id-token: write\. .*pulumi up/,
            );

            const unreachable = await step(name, {
                edit: (text) => `REGISTRY_URL=http://127.0.0.1:1\n${text}`,
            });
            match(
                unreachable.output,
                /http:\/\/127\.0\.0\.1:1 cannot be reached: .*run this job again/,
            );

            const github = await step(name, {
                edit: (text) => `ACTIONS_ID_TOKEN_REQUEST_TOKEN=old\n${text}`,
            });
            match(github.output, /GitHub did not give this job its identity token: status 401/);

            const answers: [fault: Fault, message: RegExp][] = [
                [
                    { status: 404 },
                    /has no login of robots without a password: status 404\. .*federation/,
                ],
                [{ answer: "html" }, /has no login of robots without a password: status 200\./],
                [{ status: 502, retryAfter: "0" }, /does not work at the moment: status 502\./],
            ];
            for (const [fault, message] of answers) {
                const heal = quay.faults.add({ path: "/oauth2/federation", ...fault });
                const { code, output } = await step(name);
                heal();
                equal(code, 1);
                match(output, message);
                ok(!output.includes(subject), output);
            }
        });

        it("ends with the job", async () => {
            match(readFileSync(join(folder, "docker/config.json"), "utf8"), /"auth"/);
            equal((await step("Log out of the registry")).code, 0);
            equal(
                readFileSync(join(folder, "docker/config.json"), "utf8").includes('"auth"'),
                false,
            );
        });
    });

    describe("login with a password", () => {
        const name = "Log in to the registry";
        const login = { usernameSecret: "QUAY_USER", passwordSecret: "ROBOT_PWD" };
        const logInAs = (username: string, password: string): Promise<Ended> =>
            step(name, {
                login,
                expressions: { "secrets.QUAY_USER": username, "secrets.ROBOT_PWD": password },
            });
        const password = async (): Promise<string> =>
            z.object({ token: z.string() }).parse(await api("GET", "user/robots/deploy", undefined))
                .token;

        it("logs in, with the password on no command line", async () => {
            const { code, output } = await step(name, {
                login,
                expressions: {
                    "secrets.QUAY_USER": robot,
                    "secrets.ROBOT_PWD": await password(),
                },
                edit: (text) =>
                    text.replace(
                        "set -euo pipefail",
                        'set -euo pipefail\ndocker() { printf \'args: %s\\n\' "$*" >>"$GITHUB_STEP_SUMMARY"; command docker "$@"; }',
                    ),
            });
            equal(code, 0, output);
            ok(!output.includes(await password()));
            match(
                readFileSync(join(folder, "summary"), "utf8"),
                /^args: login --username \S+ --password-stdin \S+\n$/,
            );
        });

        it("names the secrets that are missing or empty", async () => {
            match(
                (await logInAs("", "")).output,
                /GitHub has no value for: QUAY_USER ROBOT_PWD\. /,
            );
            const { output } = await logInAs(robot, "");
            match(output, /no value for: ROBOT_PWD\. Run `pulumi up`.* in the environment dev\./);
        });

        it("tells a refused password from a registry that fails", async () => {
            const refused = await logInAs(robot, "wrong");
            match(
                refused.output,
                /::error title=Login::\S+ refuses the password: .*it sets QUAY_USER and/,
            );
            const heal = quay.faults.add({ path: "/v2/", status: 502 });
            const { output } = await logInAs(robot, await password());
            heal();
            match(output, /title=Login::The login to \S+ did not work: .*502.* run this job again/);
        });
    });

    describe("the smoke test", () => {
        const name = "Smoke-test the image";
        const containers = async (digest: string) =>
            (
                await run("docker", [
                    "ps",
                    "--all",
                    "--quiet",
                    "--filter",
                    `ancestor=${image}@${digest}`,
                ])
            ).stdout;

        it("accepts a healthy image without any privileges, and leaves nothing behind", async () => {
            const digest = await push("healthy");
            const { code, output } = await step(name, digestOf(digest));
            equal(code, 0, output);
            match(output, / works\.\n$/);
            equal(await containers(digest), "");
        });

        it("rejects one that ends, at once, with its output", async () => {
            const digest = await push("broken");
            const started = Date.now();
            const { code, output } = await step(name, {
                ...digestOf(digest),
                mode: "broken",
                timeout: 300,
            });
            equal(code, 1);
            ok(Date.now() - started < 60_000);
            // None of what the service prints is a command to the runner.
            match(
                output,
                /^::stop-commands::(\S+)\n::add-mask::a\nthere is no model\n::\1::\n[^]*^::error title=Smoke test::.* does not work: it ended, with exit code 3\./m,
            );
            equal(await containers(digest), "");
        });

        it("rejects one that does not become healthy in time", async () => {
            const digest = await push("sick");
            const { code, output } = await step(name, {
                ...digestOf(digest),
                mode: "sick",
                path: "/health",
                timeout: 2,
            });
            equal(code, 1);
            match(output, /\/health was not answered with success within 2 s/);
            equal(await containers(digest), "");
        });

        it("rejects one that needs more memory than its pods have, and says so", async () => {
            const digest = await push("hungry");
            const { code, output } = await step(name, {
                ...digestOf(digest),
                mode: "hungry",
                memory: 64 * 2 ** 20,
            });
            equal(code, 1);
            match(
                output,
                /title=Smoke test::.* needs more memory than mlops:cluster\.memory allows\./,
            );
        });

        it("rejects one that runs as root, before it is started", async () => {
            const digest = await push("root");
            const { code, output } = await step(name, { ...digestOf(digest), user: "0" });
            equal(code, 1);
            match(output, /::error title=Smoke test::.* runs as root: add the line USER 10001/);
            equal(await containers(digest), "");
        });

        it("passes a secret to it, which is on no command line", async () => {
            const digest = await push("key");
            const { code, output } = await step(name, {
                expressions: {
                    [digestExpression]: digest,
                    "secrets.API_KEY": "two\nlines",
                },
                mode: "key",
                passedOn: ["API_KEY"],
                edit: (text) =>
                    text.replace(
                        "set -euo pipefail",
                        'set -euo pipefail\ndocker() { printf \'args: %s\\n\' "$*" >&2; command docker "$@"; }',
                    ),
            });
            equal(code, 0, output);
            match(output, /args: create .* --env=API_KEY /);
            equal(output.includes("lines"), false);
        });

        it("runs without a secret that GitHub does not have, and says so", async () => {
            const digest = await push("no-key");
            const { code, output } = await step(name, {
                expressions: { [digestExpression]: digest, "secrets.API_KEY": "" },
                mode: "no key",
                passedOn: ["API_KEY"],
            });
            equal(code, 0, output);
            match(output, /::warning title=Smoke test::The service runs without API_KEY: /);
        });

        it("rejects one that does not exist", async () => {
            const missing = await step(name, digestOf(`sha256:${"0".repeat(64)}`));
            match(missing.output, /::error title=Image::The registry has no \S+: it was deleted/);
        });

        it("asks the registry, with the job's credentials, for one that the engine has", async () => {
            const digest = await push("cached");
            const pulled = await step(name, digestOf(digest));
            equal(pulled.code, 0, pulled.output);
            const other = z
                .object({ name: z.string(), token: z.string() })
                .parse(await api("PUT", "user/robots/other", {}));
            const loggedIn = await step("Log in to the registry", {
                login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
                expressions: { "secrets.QUAY_USER": other.name, "secrets.QUAY_PWD": other.token },
            });
            equal(loggedIn.code, 0, loggedIn.output);
            const { output } = await step(name, digestOf(digest));
            match(output, /::error title=Registry::\S+ may not be read: /);
        });

        it("says why a container cannot be made or started", async () => {
            const digest = await push("stuck");
            const made = await step(name, { ...digestOf(digest), user: "no such user" });
            match(
                made.output,
                /::error title=Smoke test::\S+ cannot be (made a container|started): /,
            );
        });
    });

    describe("the git tag of a version", () => {
        const check = (tag: string, commit: string): Promise<Ended> =>
            step("Check the version's git tag", {
                expressions: { "github.ref_name": tag, "github.sha": commit },
            });

        it("gives the version, on any commit of the branch", async () => {
            for (const commit of await commits("released", "and on")) {
                const { code, output, outputs } = await check("v1.1.0", commit);
                equal(code, 0, output);
                deepEqual(outputs, { version: "1.1.0" });
            }
        });

        it("is refused beside the branch", async () => {
            const [other = ""] = await commits("elsewhere");
            await run("git", ["-C", join(folder, "checkout"), "branch", "--quiet", "keep"]);
            await commits("main");
            const { code, output, outputs } = await check("v1.1.0", other);
            deepEqual([code, outputs["version"]], [1, undefined]);
            match(
                output,
                new RegExp(
                    `::error title=Version::The git tag v1.1.0 is on ${other}, which is not`,
                ),
            );
        });

        it("is refused where a floating tag stands for it", async () => {
            const [commit = ""] = await commits("released");
            const options = {
                floatingTags: ["{{major}}", "{{major}}.{{minor}}"],
                expressions: { "github.ref_name": "v1.1", "github.sha": commit },
            };
            const { code, output } = await step("Check the version's git tag", options);
            equal(code, 1);
            match(output, /Version::The git tag v1\.1 names no version: /);
        });

        for (const tag of ["vlatest", "vrunning", "vsha-1", "vbuildcache", "v1+2", "va/b", "v"]) {
            it(`is refused where its image could not have the tag: ${tag}`, async () => {
                const [commit = ""] = await commits("released");
                const { code, output } = await check(tag, commit);
                equal(code, 1);
                ok(output.includes(`Version::The git tag ${tag} names no version: `), output);
            });
        }
    });

    describe("the image of a commit", () => {
        const name = "Find the image of this commit";

        it("is found once it has its tag, with the time of the commit", async () => {
            const [commit = ""] = await commits("found");
            const none = await step(name, { expressions: { "github.sha": commit } });
            equal(none.code, 0, none.output);
            equal(none.outputs["digest"], "");
            match(none.outputs["date"] ?? "", /^\d{10}$/);

            const digest = await push(commit);
            const { outputs } = await step(name, { expressions: { "github.sha": commit } });
            deepEqual(outputs, { digest, date: none.outputs["date"] });
        });

        it("is found by its version where its own tag is gone", async () => {
            const [commit = "", next = ""] = await commits("pruned", "next");
            const digest = await push(commit, commit);
            const tagging = { ...digestOf(digest, commit), version: "3.0.0" };
            equal((await step("Tag the image", tagging)).code, 0);
            await api("DELETE", `repository/alice/digits/tag/sha-${commit}`, {});
            const find = (sha: string): Promise<Ended> =>
                step(name, { expressions: { "github.sha": sha }, version: "3.0.0" });
            equal((await find(commit)).outputs["digest"], digest);

            const { code, output } = await find(next);
            equal(code, 1, "another commit would be built in vain");
            match(
                output,
                new RegExp(
                    `::error title=Version::3\\.0\\.0 is another image already, .*${digest}`,
                ),
            );
        });

        it("is not built again because the registry fails", async () => {
            const [commit = ""] = await commits("unreadable");
            const heal = quay.faults.add({ path: `/manifests/sha-${commit}`, status: 500 });
            const { code, output } = await step(name, { expressions: { "github.sha": commit } });
            heal();
            notEqual(code, 0, output);
            match(output, /::error title=Registry::\S+ cannot be read/);
        });
    });

    describe("what is signed of the image", () => {
        it("is the list of its packages that BuildKit made", async () => {
            const name = "Write the list of packages to a file";
            const { code, output } = await step(name, digestOf(await pushFor("amd64", "c0")));
            equal(code, 0, output);
            deepEqual(JSON.parse(readFileSync(join(folder, "sbom.json"), "utf8")), {
                spdxVersion: "SPDX-2.3",
                SPDXID: "1",
                name: "amd64",
            });

            const without = await step(name, digestOf(await push("unlisted")));
            equal(without.code, 1);
            match(without.output, /::error title=Packages::\S+ has no list of its packages/);
        });

        it("is its digest, by cosign with the job's identity", async () => {
            const name = "Sign the image with the job's identity";
            const digest = `sha256:${"a".repeat(64)}`;
            const signWith = (cosign: string): Promise<Ended> =>
                step(name, {
                    ...digestOf(digest),
                    edit: (text) => `cosign() { ${cosign}; }\n${text}`,
                });
            const { code, output } = await signWith('echo "cosign $*"');
            deepEqual([code, output], [0, `cosign sign --yes ${image}@${digest}\n`]);

            const failed = await signWith("echo no log; return 1");
            equal(failed.code, 1);
            match(
                failed.output,
                /no log\n::error title=Signature::\S+ could not be signed: .* run this again\./,
            );
        });
    });

    describe("an image of several platforms", () => {
        const platforms: Platform[] = ["linux/amd64", "linux/arm64"];
        const joinImages = (amd64: string, arm64: string): Promise<Ended> =>
            step("Join the platforms' images", {
                platforms,
                expressions: {
                    "needs.build_amd64.outputs.digest": amd64,
                    "needs.build_arm64.outputs.digest": arm64,
                },
            });
        const inspect = async (digest: string, format: string): Promise<unknown> => {
            const env = { ...process.env, DOCKER_CONFIG: join(folder, "docker") };
            const args = ["buildx", "imagetools", "inspect", `${image}@${digest}`];
            return JSON.parse((await run("docker", [...args, "--format", format], { env })).stdout);
        };

        it("is joined with the lists of packages, has no tag, and is the same once more", async () => {
            const [commit = ""] = await commits("platforms");
            const amd64 = await pushFor("amd64", commit);
            const arm64 = await pushFor("arm64", commit);
            const before = await tags();
            const { code, output, outputs } = await joinImages(amd64, arm64);
            equal(code, 0, output);
            deepEqual(await tags(), before);
            deepEqual((await joinImages(amd64, arm64)).outputs, outputs);

            const digest = outputs["digest"] ?? "";
            const list = (name: string) => ({
                SPDX: { spdxVersion: "SPDX-2.3", SPDXID: "1", name },
            });
            deepEqual(await inspect(digest, "{{json .SBOM}}"), {
                "linux/amd64": list("amd64"),
                "linux/arm64": list("arm64"),
            });
            const entries = z.object({
                manifests: z.array(
                    z.object({
                        digest: z.string(),
                        platform: z.object({ architecture: z.string() }),
                        annotations: z.record(z.string(), z.string()).optional(),
                    }),
                ),
            });
            const { manifests } = entries.parse(await inspect(digest, "{{json .Manifest}}"));
            const [first, ofFirst, second, ofSecond] = manifests;
            deepEqual(
                manifests.map(({ platform }) => platform.architecture),
                ["amd64", "unknown", "arm64", "unknown"],
            );
            deepEqual(
                [ofFirst, ofSecond].map((one) => one?.annotations?.["vnd.docker.reference.digest"]),
                [first?.digest, second?.digest],
            );

            const listed = await step("Write the list of packages of linux/arm64 to a file", {
                ...digestOf(digest),
                platforms,
            });
            deepEqual(listed.outputs, { digest: second?.digest }, listed.output);
            const sbom = z.object({ name: z.string() });
            const written = readFileSync(join(folder, "sbom.json"), "utf8");
            equal(sbom.parse(JSON.parse(written)).name, "arm64");

            const tagged = await step("Tag the image", digestOf(digest, commit));
            deepEqual([tagged.code, (await tags())["latest"]], [0, digest], tagged.output);
            const find = await step("Find the image of this commit", {
                expressions: { "github.sha": commit },
            });
            equal(find.outputs["digest"], digest);

            // Its commit is known: latest does not move back to one before.
            const git = ["-C", join(folder, "checkout")];
            const who = ["-c", "user.name=alice", "-c", "user.email=alice@example.org"];
            await run("git", [...git, ...who, "commit", "--quiet", "--allow-empty", "-m", "next"]);
            const next = (await run("git", [...git, "rev-parse", "HEAD"])).stdout.trim();
            const joined = await joinImages(
                await pushFor("amd64", next),
                await pushFor("arm64", next),
            );
            const newer = joined.outputs["digest"] ?? "";
            equal((await step("Tag the image", digestOf(newer, next))).code, 0);
            const back = await step("Tag the image", digestOf(digest, commit));
            match(back.outputs["note"] ?? "", /latest was left alone/);
            equal((await tags())["latest"], newer);
        });

        it("is not made while a platform's image is missing", async () => {
            for (const missing of ["", `sha256:${"0".repeat(64)}`]) {
                const { code, output, outputs } = await joinImages(
                    await pushFor("amd64", "c"),
                    missing,
                );
                deepEqual([code, outputs["digest"]], [1, undefined]);
                match(
                    output,
                    /::error title=Platforms::The images of the platforms cannot be joined/,
                );
            }
        });
    });

    describe("tagging the image", () => {
        const name = "Tag the image";

        it("tags the pushed digest with its commit and latest, and no version", async () => {
            const digest = await push("zero", "c0");
            const { outputs } = await step(name, digestOf(digest, "c0"));
            deepEqual(outputs, { digest, tags: "sha-c0 latest", note: "" });
        });

        it("moves no tag where none floats", async () => {
            const { latest } = await tags();
            const digest = await push("none", "c1");
            const options = { ...digestOf(digest, "c1"), version: "0.1.0" };
            const { code, output, outputs } = await step(name, { ...options, floatingTags: [] });
            equal(code, 0, output);
            deepEqual(outputs, { digest, tags: "sha-c1 0.1.0", note: "" });
            equal((await tags())["latest"], latest);
        });

        it("tags it with its version, too, for a git tag", async () => {
            const digest = await push("one", "c0ffee");
            const options = { ...digestOf(digest), version: "1.0.0" };
            const { code, output, outputs } = await step(name, options);
            equal(code, 0, output);
            deepEqual(outputs, { digest, tags: "sha-c0ffee 1.0.0 latest", note: "" });
            const found = await tags();
            deepEqual(
                [found["sha-c0ffee"], found["1.0.0"], found["latest"]],
                [digest, digest, digest],
            );

            const again = await step(name, options);
            deepEqual([again.code, again.outputs], [0, outputs], "the same once more");
        });

        it("never moves a version, and says what to do", async () => {
            const { "1.0.0": first = "", latest } = await tags();
            const digest = await push("two");
            notEqual(digest, first);
            const { code, output } = await step(name, {
                ...digestOf(digest, "2"),
                version: "1.0.0",
            });
            equal(code, 1);
            match(
                output,
                new RegExp(
                    `::error title=Version::1\\.0\\.0 is another image already, ${image}@${first}, ` +
                        "and a version never moves\\. .* push another git tag\\.",
                ),
            );
            const found = await tags();
            deepEqual([found["1.0.0"], found["latest"]], [first, latest]);
        });

        it("takes a version for free only if the registry says so", async () => {
            const digest = await push("three");
            const heal = quay.faults.add({ path: "/manifests/9\\.9\\.9", status: 500 });
            const { code, output } = await step(name, {
                ...digestOf(digest, "3"),
                version: "9.9.9",
            });
            heal();
            notEqual(code, 0, output);
            equal((await tags())["9.9.9"], undefined);
        });

        it("fails if a copy has another digest, as without --prefer-index=false", async () => {
            const digest = await push("four");
            const edit = (text: string): string => text.replace(" --prefer-index=false", "");
            const { code, output } = await step(name, {
                ...digestOf(digest, "4"),
                version: "2.0.0",
                edit,
            });
            equal(code, 1);
            match(
                output,
                new RegExp(
                    `::error title=Tag::${image}:sha-4 is sha256:[0-9a-f]{64}, not ${digest}\\.`,
                ),
            );
        });

        it("takes the image of a run that has built the commit at the same time", async () => {
            const first = await push("five");
            equal((await step(name, digestOf(first, "5"))).code, 0);
            const { code, output, outputs } = await step(name, {
                ...digestOf(await push("six"), "5"),
                version: "5.0.0",
            });
            equal(code, 0, output);
            deepEqual([outputs["digest"], outputs["tags"]], [first, "sha-5 5.0.0 latest"]);
            match(outputs["note"] ?? "", /^Another run has built this commit at the same time/);
            const found = await tags();
            deepEqual([found["sha-5"], found["5.0.0"]], [first, first]);
        });

        it("moves the tags that follow versions with the newest one", async () => {
            const [first = "", second = "", third = ""] = await commits("1.9.0", "1.10.0", "on");
            const checkout = join(folder, "checkout");
            const floatingTags = ["latest", "{{major}}", "{{major}}.{{minor}}"];
            const release = async (version: string, commit: string): Promise<Ended> => {
                await run("git", ["-C", checkout, "tag", "--force", `v${version}`, commit]);
                await run("git", ["-C", checkout, "checkout", "--quiet", commit]);
                const digest = await push(version, commit);
                const options = { ...digestOf(digest, commit), version, floatingTags };
                const ended = await step(name, options);
                equal(ended.code, 0, ended.output);
                return ended;
            };
            const tagsOf = async (version: string, commit: string): Promise<string | undefined> =>
                (await release(version, commit)).outputs["tags"];

            equal(await tagsOf("31.9.0", first), `sha-${first} 31.9.0 latest 31 31.9`);
            equal(await tagsOf("31.10.0", second), `sha-${second} 31.10.0 latest 31 31.10`);
            const fix = await release("31.9.1", third);
            equal(fix.outputs["tags"], `sha-${third} 31.9.1 latest 31.9`);
            match(fix.output, /Tag::31 was left alone: there is the newer version 31\.10\.0\./);
            const again = await release("31.9.0", first);
            equal(again.outputs["tags"], `sha-${first} 31.9.0`);
            equal(await tagsOf("32.0.0-rc.1", third), `sha-${third} 32.0.0-rc.1 latest`);
            const found = await tags();
            deepEqual(
                [found["31"], found["31.9"], found["31.10"], found["32"]],
                [found["31.10.0"], found["31.9.1"], found["31.10.0"], undefined],
            );
        });

        it("does not move latest back to an earlier commit", async () => {
            const [older = "", newer = ""] = await commits("older", "newer");
            const [first, second] = [await push("seven", older), await push("eight", newer)];
            const forward = async (digest: string, commit: string): Promise<Ended> => {
                const ended = await step(name, digestOf(digest, commit));
                equal(ended.code, 0, ended.output);
                return ended;
            };
            await forward(first, older);
            await forward(second, newer);
            const { output, outputs } = await forward(first, older);
            match(output, new RegExp(`::notice title=Tag::.*latest was left alone: ${second} `));
            equal(outputs["tags"], `sha-${older}`);
            equal((await tags())["latest"], second);

            // A release has neither a commit nor a checkout, and may go back.
            const unset = (text: string): string => `unset COMMIT VERSION\n${text}`;
            const back = await step(name, { ...digestOf(first), edit: unset });
            deepEqual(back.outputs, { digest: first, tags: "latest", note: "" }, back.output);
            equal((await tags())["latest"], first);
            await forward(second, newer);

            // A branch that was reset no longer has the commit.
            const [unrelated = ""] = await commits("unrelated");
            const third = await push("nine", unrelated);
            await forward(third, unrelated);
            equal((await tags())["latest"], third);
        });
    });

    it("writes the image and how to pull it to the job summary", async () => {
        const digest = `sha256:${"a".repeat(64)}`;
        const { code, summary } = await step("Write the job summary", {
            expressions: {
                "steps.tag.outputs.digest": digest,
                "steps.tag.outputs.tags": "sha-1234 1.0.0 latest",
                "steps.tag.outputs.note": "a note",
            },
        });
        equal(code, 0);
        equal(
            summary,
            `## Published\n\n| image | tags |\n| --- | --- |\n| \`${image}@${digest}\` | sha-1234, 1.0.0, latest |\n\na note\n\n` +
                `\`\`\`sh\ndocker pull ${image}@${digest}\n\`\`\`\n`,
        );
    });
});
