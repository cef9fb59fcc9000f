import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import {
    appendFileSync,
    chmodSync,
    cpSync,
    readFileSync,
    rmSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from "jose";
import { freePort, Project, run, temporary } from "../../sandbox/project.ts";

const name = `e2e-${String(process.pid)}`;

/** Returns this project's objects in the Docker engine, except for images, which are kept. */
async function inEngine(): Promise<string> {
    const list = async (...command: string[]): Promise<string> =>
        (await run("docker", [...command, "--filter", `name=${name}`])).stdout;
    return [
        await list("ps", "--all", "--format", "{{.Names}}"),
        await list("network", "ls", "--format", "{{.Name}}"),
        await list("volume", "ls", "--format", "{{.Name}}"),
    ].join("");
}

describe("the local stack", function () {
    let project: Project;
    let started = false;
    let port: number;
    const config = (service: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
        service: { name, version: "1.0.0", context: "service", ...service },
        local: { port, healthTimeout: 30 },
        ...more,
    });
    const noChanges = async (of = project): Promise<void> => {
        const { failed, output, changes } = await of.preview();
        equal(failed, false, output);
        deepEqual(Object.keys(changes), ["same"], output);
    };

    before(async () => {
        port = await freePort();
        project = await Project.create(config());
        started = true;
        const { failed, output } = await project.up();
        equal(failed, false, output);
    });
    after(async () => {
        if (!started) return;
        const { failed, output } = await project.destroy();
        project.remove();
        equal(failed, false, output);
        equal(await inEngine(), "", "destroy leaves no container, network or volume behind");
        const images = (
            await run("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}", `${name}*`])
        ).stdout
            .trim()
            .split("\n");
        await run("docker", ["rmi", ...images]);
    });

    describe("service", () => {
        const picture = readFileSync(join(import.meta.dirname, "../../service/examples/seven.png"));
        let url: string;
        let provider: string;
        let token: string;
        before(async () => {
            url = await project.output("serviceUrl");
            const [docker, ...command] = (await project.output("tokenCommand")).split(" ");
            equal(docker, "docker");
            provider = command[1] ?? "";
            token = (await run("docker", command)).stdout.trim();
        });
        const upload = async (authorization?: string): Promise<Response> => {
            const body = new FormData();
            body.append("file", new Blob([picture], { type: "image/png" }), "seven.png");
            return fetch(`${url}/upload`, {
                method: "POST",
                body,
                headers: authorization === undefined ? {} : { authorization },
            });
        };
        /** Returns a token that the identity provider could have signed. */
        const signed = async (claims: JWTPayload): Promise<string> => {
            const key = createPrivateKey(
                (await run("docker", ["exec", provider, "cat", "/tmp/key.pem"])).stdout,
            );
            const { alg = "", kid = "", typ = "" } = decodeProtectedHeader(token);
            return new SignJWT({ ...decodeJwt(token), ...claims })
                .setProtectedHeader({ alg, kid, typ })
                .sign(key);
        };

        it("is healthy, and returns its model", async () => {
            const response = await fetch(`${url}/health`);
            equal(response.status, 200);
            match(await response.text(), /"version":"1\.0\.0".*"model":/);
        });

        it("classifies a picture for a caller with a token", async () => {
            const response = await upload(`Bearer ${token}`);
            equal(response.status, 200);
            const { class: digit, confidence } = (await response.json()) as {
                class: string;
                confidence: number;
            };
            equal(digit, "7");
            ok(confidence > 0.5);
        });

        it("accepts a token that the test signs like the provider", async () => {
            equal((await upload(`Bearer ${await signed({})}`)).status, 200);
        });

        it("counts what it classifies, and shows it without a token", async () => {
            const sevens = async (): Promise<number> => {
                const response = await fetch(`${url}/metrics`);
                equal(response.status, 200);
                const counted = /^digits_predictions_total\{class="7"\} (\S+)$/m;
                return Number(counted.exec(await response.text())?.[1]);
            };
            const before = await sevens();
            await upload(`Bearer ${token}`);
            equal(await sevens(), before + 1);
        });

        const now = Math.floor(Date.now() / 1000);
        const refused: Record<string, () => Promise<string | undefined>> = {
            "no token": () => Promise.resolve(undefined),
            "an expired token": () => signed({ iat: now - 7200, exp: now - 3600 }),
            "another audience": () => signed({ aud: "another" }),
            "another issuer": () => signed({ iss: "https://example.com/" }),
            "alg: none": () => {
                const part = (value: unknown): string =>
                    Buffer.from(JSON.stringify(value)).toString("base64url");
                return Promise.resolve(
                    `${part({ alg: "none", typ: "JWT" })}.${part(decodeJwt(token))}.`,
                );
            },
        };
        for (const [what, bad] of Object.entries(refused)) {
            it(`refuses ${what} with 401`, async () => {
                const badToken = await bad();
                equal((await upload(badToken && `Bearer ${badToken}`)).status, 401);
            });
        }
    });

    describe("no change", () => {
        it("in a second up", async () => {
            const { output, changes } = await project.up();
            deepEqual(Object.keys(changes), ["same"], output);
        });

        it("after a refresh", async () => {
            const { failed, output } = await project.refresh();
            equal(failed, false, output);
            await noChanges();
        });

        it("if files have other times and another umask", async () => {
            for (const file of ["service/boot.py", "service/Dockerfile"]) {
                utimesSync(join(project.folder, file), 0, 0);
                chmodSync(join(project.folder, file), 0o664); // 022 has made it 0644
            }
            await noChanges();
        });

        it("from another checkout", async () => {
            const elsewhere = await Project.create(config(), {}, project.state);
            await noChanges(elsewhere);
            rmSync(elsewhere.folder, { recursive: true });
        });

        it("with another DOCKER_HOST, without a Docker engine", async () => {
            const elsewhere = await Project.create(
                config(),
                { DOCKER_HOST: "tcp://127.0.0.1:1" },
                project.state,
            );
            await noChanges(elsewhere);
            rmSync(elsewhere.folder, { recursive: true });
        });
    });

    describe("declaration", () => {
        it("a first up in a preview, without a Docker engine, and creates nothing", async () => {
            const before = await inEngine();
            const fresh = await Project.create(config(), { DOCKER_HOST: "tcp://127.0.0.1:1" });
            const { failed, output, changes } = await fresh.preview();
            fresh.remove();
            equal(failed, false, output);
            deepEqual(Object.keys(changes), ["create"]);
            equal(await inEngine(), before);
        });

        it("every resource as a child of its component", () => {
            const state = JSON.parse(project.storedState()) as {
                checkpoint: { latest: { resources: { urn: string }[] } };
            };
            const urns = state.checkpoint.latest.resources
                .map(({ urn }) => urn.split("::")[2])
                .filter((type) => type?.includes("docker:index/"));
            deepEqual(urns.sort(), [
                "docker:index/network:Network",
                "mlops:docker:IdentityProvider$mlops:docker:LocalService$docker:index/container:Container",
                "mlops:docker:IdentityProvider$mlops:docker:ServiceImage$docker:index/remoteImage:RemoteImage",
                "mlops:docker:LocalService$docker:index/container:Container",
                "mlops:docker:ServiceImage$docker:index/remoteImage:RemoteImage",
            ]);
        });

        it("no secret of its own in clear text in the state", async () => {
            const envs = (
                await run("docker", [
                    "inspect",
                    "--format",
                    "{{json .Config.Env}}",
                    (await project.output("tokenCommand")).split(" ")[2] ?? "",
                ])
            ).stdout;
            const secret = /CLIENT_SECRET=(\w+)/.exec(envs)?.[1] ?? "";
            equal(secret.length, 40);
            equal(project.storedState().includes(secret), false);
        });
    });

    describe("changes", () => {
        it("the image and the container, when a line of source changes", async () => {
            const before = await project.output("imageId");
            appendFileSync(join(project.folder, "service/boot.py"), "# a comment\n");
            const { failed, output, changes } = await project.up();
            equal(failed, false, output);
            equal(changes["replace"], 2, output);
            notEqual(await project.output("imageId"), before);
            equal((await fetch(`${await project.output("serviceUrl")}/health`)).status, 200);
            await noChanges();
        });

        it("the location of the context, which is not in the state: it may differ, and move", async () => {
            const one = temporary("service");
            cpSync(join(project.folder, "service"), one, { recursive: true });
            appendFileSync(join(one, "boot.py"), "# another\n");
            project.configure(config({ context: one }));
            const { failed, output } = await project.up();
            equal(failed, false, output);
            equal(project.storedState().includes(one), false);

            const two = temporary("moved");
            cpSync(one, two, { recursive: true });
            rmSync(one, { recursive: true });
            project.configure(config({ context: two }));
            await noChanges();
            rmSync(two, { recursive: true });
            project.configure(config());
        });
    });

    describe("settings", () => {
        const envOf = async (container: string): Promise<string[]> =>
            JSON.parse(
                (await run("docker", ["inspect", "--format", "{{json .Config.Env}}", container]))
                    .stdout,
            ) as string[];
        const service = async (): Promise<string> => {
            const { stdout } = await run("docker", [
                "ps",
                "--filter",
                `name=^${name}-[0-9a-f]+$`,
                "--format",
                "{{.Names}}",
            ]);
            return stdout.trim();
        };
        afterEach(() => {
            project.configure(config());
        });

        it("with a secret variable: the service gets it, and nothing shows it", async () => {
            const [first, second] = ["first-secret-value", "second-secret-value"];
            await project.configureSecret("env.API_KEY", first);
            const { failed, output } = await project.up();
            equal(failed, false, output);
            ok((await envOf(await service())).includes(`API_KEY=${first}`));
            await project.configureSecret("env.API_KEY", second);
            const preview = await project.preview();
            deepEqual(Object.keys(preview.changes).sort(), ["replace", "same"], preview.output);
            const shown = `${output}${preview.output}${project.storedState()}`;
            deepEqual([shown.includes(first), shown.includes(second)], [false, false]);
        });

        it("with the user's own issuer: the service gets it, and there is no identity provider", async () => {
            project.configure(
                config(
                    {},
                    {
                        oauth2: { issuer: "https://tenant.example/", audience: "api" },
                        env: { LOG_LEVEL: "debug" },
                    },
                ),
            );
            const { failed, output } = await project.up();
            equal(failed, false, output);
            const env = await envOf(await service());
            for (const variable of [
                "OAUTH2_ISSUER=https://tenant.example/",
                "OAUTH2_AUDIENCE=api",
                "LOG_LEVEL=debug",
            ])
                ok(env.includes(variable), variable);
            equal(
                (await run("docker", ["ps", "-q", "--filter", `name=${name}-identity`])).stdout,
                "",
            );
            equal("tokenCommand" in (await project.outputs()), false);
        });
    });

    describe("a clear failure", () => {
        afterEach(() => {
            project.configure(config());
        });

        it("on a port in use: which one, by whom, and what to set", async () => {
            const taken = createServer();
            const other = await freePort();
            await new Promise<void>((resolve) => taken.listen(other, "127.0.0.1", resolve));
            project.configure({ ...config(), local: { port: other } });
            const { failed, output } = await project.up();
            taken.close();
            equal(failed, true);
            match(
                output,
                new RegExp(
                    `error: Port ${String(other)} of this machine is taken by another program.*pulumi config set --path mlops:local.port`,
                ),
            );
            equal(output.includes("    at "), false, "no stack trace");
        });

        it("on an unhealthy service: with its output; and it recovers once the service is fixed", async () => {
            const boot = join(project.folder, "service/boot.py");
            const good = readFileSync(boot, "utf8");
            writeFileSync(
                boot,
                `${good.split("if __name__")[0] ?? ""}\nif __name__ == "__main__":\n    raise SystemExit("the model is missing")\n`,
            );
            const { failed, output } = await project.up();
            equal(failed, true);
            match(
                output,
                /error: The container \S+ (is not running|has crashed) .*exit code 1.*the model is missing.*docker logs/s,
            );
            equal(output.includes("    at "), false, "no stack trace");
            writeFileSync(boot, good);
            const mended = await project.up();
            equal(mended.failed, false, mended.output);
        });

        it("on a failed build: its log is in a file", async () => {
            const dockerfile = join(project.folder, "service/Dockerfile");
            const good = readFileSync(dockerfile, "utf8");
            appendFileSync(dockerfile, "RUN echo this went wrong >&2 && false\n");
            const { failed, output } = await project.up();
            writeFileSync(dockerfile, good);
            equal(failed, true);
            match(output, /error: .*executor failed running/);
            match(
                readFileSync(join(project.folder, `.build/local/${name}.log`), "utf8"),
                /this went wrong/,
            );
        });

        const mistakes: [what: string, service: Record<string, unknown>, message: RegExp][] = [
            [
                "a context that is not there",
                { context: "nowhere" },
                /mlops:service\.context = "nowhere": must be a folder/,
            ],
            [
                "a Dockerfile that is not there",
                { dockerfile: "Containerfile" },
                /error: There is no Dockerfile "Containerfile"/,
            ],
            [
                "a section that is missing",
                { name: undefined, version: undefined, context: undefined },
                /mlops:service\.name is not set: must be set/,
            ],
            [
                "a build secret that is not there",
                { buildSecrets: { token: "E2E_UNSET" } },
                /error: The build secret "token" .* E2E_UNSET, which is not set/,
            ],
            [
                "a bad name",
                { name: "Digits" },
                /mlops:service\.name = "Digits": must be an image name.*pulumi config set --path/s,
            ],
        ];
        for (const [what, service, message] of mistakes) {
            it(`on ${what}, and nothing changes`, async () => {
                const before = await inEngine();
                project.configure(config(service));
                const { failed, output } = await project.up();
                equal(failed, true);
                match(output, message);
                equal(output.includes("    at "), false, "no stack trace");
                equal(await inEngine(), before);
            });
        }
    });
});
