import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Quay, startQuay } from "../../../sandbox/quay/server.ts";
import { Api, ask, expectReply, textAt } from "../../../sandbox/quayApi.ts";
import { basic } from "../../../sandbox/registryClient.ts";

/** The result of the real docker client: whether it succeeded, and all its output. */
interface Said {
    readonly ok: boolean;
    readonly text: string;
}

const issuer = "https://token.actions.example";

/** The behaviour that was measured on a real Quay with the docker client. */
describe("the Quay of the sandbox: the docker client", function () {
    this.timeout(60_000);

    let quay: Quay;
    let ada: Api;
    let password: string;
    let folder: string;
    let federated: string;

    /** Each user of the docker client has its own configuration, and so its own logins. */
    const docker = async (user: string, ...parameters: readonly string[]): Promise<Said> => {
        const environment = { ...process.env, DOCKER_CONFIG: join(folder, user) };
        try {
            const { stdout, stderr } = await promisify(execFile)("docker", parameters, {
                env: environment,
            });
            return { ok: true, text: stdout + stderr };
        } catch (error) {
            if (!(error instanceof Error)) throw error;
            return {
                ok: false,
                text: `${error.message}${"stdout" in error ? String(error.stdout) : ""}`,
            };
        }
    };
    const login = (user: string, secret: string): Promise<Said> =>
        docker(user, "login", "--username", user, "--password", secret, quay.registry);
    /** Builds an image of random bytes with a name in the registry. */
    const build = async (path: string, bytes = 1000): Promise<string> => {
        const context = await mkdtemp(join(folder, "context-"));
        await writeFile(join(context, "content"), randomBytes(bytes));
        await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY content /\n");
        const name = `${quay.registry}/${path}`;
        const built = await docker("builder", "build", "--quiet", "--tag", name, context);
        assert.ok(built.ok, built.text);
        return name;
    };
    const tag = async (from: string, path: string): Promise<string> => {
        const name = `${quay.registry}/${path}`;
        assert.ok((await docker("builder", "tag", from, name)).ok);
        return name;
    };
    const repository = async (path: string): Promise<void> => {
        const [namespace, name] = path.split("/");
        expectReply(
            await ada.post("/repository", {
                namespace,
                repository: name,
                visibility: "private",
                description: "",
            }),
            201,
        );
    };
    /** Creates a robot that has a role on one repository, and logs it in. @returns its full name */
    const robotOn = async (path: string, role: string): Promise<string> => {
        const [namespace = "", name = ""] = path.split("/");
        const base = namespace === "ada" ? "/user/robots" : `/organization/${namespace}/robots`;
        const robot = `${namespace}+${name}`;
        const token = textAt(await ada.put(`${base}/${name}`), "token");
        expectReply(await ada.put(`/repository/${path}/permissions/user/${robot}`, { role }), 200);
        const said = await login(robot, token);
        assert.ok(said.ok, said.text);
        return robot;
    };
    const expectOk = (said: Said): void => {
        assert.ok(said.ok, said.text);
    };
    const expectRefused = (said: Said, why: RegExp): void => {
        assert.ok(!said.ok, said.text);
        assert.match(said.text, why);
    };

    before(async () => {
        folder = await mkdtemp(join(tmpdir(), "quay-docker-"));
        const { publicKey, privateKey } = await generateKeyPair("RS256");
        const keys = [{ ...(await exportJWK(publicKey)), alg: "RS256" }];
        federated = await new SignJWT()
            .setProtectedHeader({ alg: "RS256" })
            .setIssuer(issuer)
            .setSubject("s")
            .setExpirationTime("1m")
            .sign(privateKey);
        quay = await startQuay({ issuers: { keys: { [issuer]: { keys } } } });
        password = quay.createUser("ada");
        quay.createOrganization("org", "ada");
        ada = new Api(quay.url, quay.createToken({ user: "ada" }));
        expectOk(await login("ada", password));
    });
    after(async () => {
        const { text } = await docker(
            "builder",
            "images",
            "--quiet",
            "--filter",
            `reference=${quay.registry}/*/*`,
        );
        expectOk(await docker("builder", "rmi", "--force", ...new Set(text.trim().split("\n"))));
        await quay.stop();
        await rm(folder, { recursive: true });
    });

    it("logs in with a password, a robot's token or an OAuth token, and with nothing else", async () => {
        expectOk(await login("$oauthtoken", quay.createToken({ user: "ada" })));
        expectRefused(await login("ada", "wrong"), /unauthorized|401/);
        expectRefused(
            await login("ada+nobody", "wrong"),
            /Could not find robot with username: ada\+nobody/,
        );
        expectOk(await login("ada", password));
    });

    for (const namespace of ["ada", "org"]) {
        it(`lets a robot of ${namespace} push to and pull from its repository, and refuses it everywhere else`, async () => {
            await repository(`${namespace}/own`);
            await repository(`${namespace}/other`);
            const robot = await robotOn(`${namespace}/own`, "write");
            const name = await build(`${namespace}/own:v1`);
            expectOk(await docker(robot, "push", name));
            const { text } = await ada.get(`/repository/${namespace}/own/tag/?onlyActiveTags=true`);
            const [, digest = ""] = /"manifest_digest":"(sha256:[0-9a-f]{64})"/.exec(text) ?? [];
            expectOk(await docker("builder", "rmi", name));
            const pulled = await docker(robot, "pull", name);
            expectOk(pulled);
            assert.ok(pulled.text.includes(digest));
            for (const path of [`${namespace}/other:v1`, `${namespace}/missing:v1`]) {
                expectRefused(
                    await docker(robot, "push", await tag(name, path)),
                    /access to the requested resource is not authorized/,
                );
                expectRefused(
                    await docker(robot, "pull", `${quay.registry}/${path}`),
                    /access to the requested resource is not authorized/,
                );
            }
            expectReply(await ada.get(`/repository/${namespace}/missing`), 404);
        });
    }

    it("lets a robot with read permission pull, but not push", async () => {
        await repository("ada/readable");
        const name = await build("ada/readable:v1");
        expectOk(await docker("ada", "push", name));
        const robot = await robotOn("ada/readable", "read");
        expectOk(await docker(robot, "pull", name));
        expectRefused(
            await docker(robot, "push", name),
            /access to the requested resource is not authorized/,
        );
    });

    it("creates a private repository on a user's first push", async () => {
        expectOk(await docker("ada", "push", await build("ada/made-by-push:v1")));
        expectReply(await ada.get("/repository/ada/made-by-push"), 200, {
            is_public: false,
            description: null,
            tags: { v1: { name: "v1" } },
        });
    });

    it("mounts layers from another readable repository: no bytes are uploaded", async () => {
        const name = await build("ada/mount-from:v1", 100_000);
        expectOk(await docker("ada", "push", name));
        const other = await tag(name, "ada/mount-to:v1");
        quay.clearRequests();
        const pushed = await docker("ada", "push", other);
        expectOk(pushed);
        assert.match(pushed.text, /Mounted from ada\/mount-from/);
        const bytes = quay
            .requests({ path: /\/v2\/ada\/mount-to\/blobs/ })
            .reduce((sum, { blobBytes }) => sum + blobBytes, 0);
        assert.ok(bytes < 10_000, `${String(bytes)} bytes: more than the configuration`);
    });

    it("refuses an old robot token at the next login, while a push that began before completes", async () => {
        await repository("ada/renewed");
        const robot = await robotOn("ada/renewed", "write");
        const name = await build("ada/renewed:v1", 100_000);
        const slow = quay.faults.add({ path: "/blobs/", bytesPerSecond: 200_000 });
        quay.clearRequests();
        const pushing = docker(robot, "push", name);
        const deadline = Date.now() + 20_000;
        while (!quay.requests({ method: "PATCH" }).some(({ blobBytes }) => blobBytes > 0)) {
            assert.ok(Date.now() < deadline, "the push does not begin");
            await new Promise(setImmediate);
        }
        expectReply(await ada.post("/user/robots/renewed/regenerate"), 200);
        const pushed = await pushing;
        slow();
        expectOk(pushed);
        expectRefused(await docker(robot, "push", name), /unauthorized/);
        expectOk(await login(robot, textAt(await ada.get("/user/robots/renewed"), "token")));
        expectOk(await docker(robot, "push", name));
    });

    it("opens a public repository to everybody at once, and closes it again", async () => {
        const name = await build("ada/shown:v1");
        expectOk(await docker("ada", "push", name));
        const path = "/repository/ada/shown/changevisibility";
        expectRefused(
            await docker("nobody", "pull", name),
            /access to the requested resource is not authorized/,
        );
        expectReply(await ada.post(path, { visibility: "public" }), 200);
        expectOk(await docker("nobody", "pull", name));
        expectReply(await ada.post(path, { visibility: "private" }), 200);
        expectRefused(
            await docker("nobody", "pull", name),
            /access to the requested resource is not authorized/,
        );
    });

    it("accepts a federated robot's password from the token exchange", async () => {
        await repository("ada/federated");
        const robot = await robotOn("ada/federated", "write");
        expectReply(
            await ada.post("/user/robots/federated/federation", [{ issuer, subject: "s" }]),
            200,
        );
        const exchanged = await ask(`${quay.url}/oauth2/federation/robot/token`, {
            headers: { authorization: basic(robot, federated) },
        });
        expectOk(await login(robot, textAt(exchanged, "token")));
        expectOk(await docker(robot, "push", await build("ada/federated:v1")));
    });

    it("refuses pushes to immutable tags and to read-only repositories, and pulls of deleted content", async () => {
        const name = await build("ada/kept:v1");
        expectOk(await docker("ada", "push", name));
        expectReply(
            await ada.post("/repository/ada/kept/immutabilitypolicy/", { tagPattern: "v.*" }),
            201,
        );
        await build("ada/kept:v1");
        expectRefused(await docker("ada", "push", name), /immutable/);
        expectReply(await ada.put("/repository/ada/kept/changestate", { state: "READ_ONLY" }), 200);
        expectRefused(
            await docker("ada", "push", await tag(name, "ada/kept:latest")),
            /access to the requested resource is not authorized/,
        );
        expectReply(await ada.delete("/repository/ada/kept"), 204);
        expectRefused(await docker("ada", "pull", name), /not authorized|not found|unknown/);
    });
});
