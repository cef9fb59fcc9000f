/** The chain with a cluster: what each environment runs, as accounts that may use one namespace. */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import * as jose from "jose";
import { z } from "zod";
import { until } from "../until.ts";
import { hasCluster } from "../../sandbox/cluster/cluster.ts";
import { basic, login } from "../../sandbox/registryClient.ts";
import {
    account,
    Chain,
    type EnvironmentName,
    environments,
    namespaceOf,
} from "../../sandbox/demo/chain.ts";

const audience = "https://api.example.org";
const service = join(import.meta.dirname, "../../service");

const deploymentsForm = z.object({
    items: z.tuple([
        z.object({
            spec: z.object({
                template: z.object({
                    spec: z.object({
                        imagePullSecrets: z.array(z.unknown()),
                        securityContext: z.unknown(),
                        containers: z.tuple([
                            z.object({ image: z.string(), securityContext: z.unknown() }),
                        ]),
                    }),
                }),
            }),
        }),
    ]),
});

/** The issuer of the tests' access tokens, at an address that the pods reach. */
async function startIssuer(host: string) {
    const { publicKey, privateKey } = await jose.generateKeyPair("RS256");
    const keys = JSON.stringify({ keys: [{ ...(await jose.exportJWK(publicKey)), kid: "one" }] });
    const server = createServer((_, response) => {
        response.setHeader("content-type", "application/json").end(keys);
    });
    await once(server.listen(0, host), "listening");
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no address");
    const issuer = `http://${host}:${String(address.port)}/`;
    const token = await new jose.SignJWT({ client_id: "test" })
        .setProtectedHeader({ alg: "RS256", kid: "one", typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject("test")
        .setJti("1")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey);
    return { issuer, token, stop: () => server.close() };
}

describe("dev, staging and prod on a cluster", () => {
    let chain: Chain;
    let issuer: Awaited<ReturnType<typeof startIssuer>>;
    const cleanUps: (() => unknown)[] = [];
    let output = "";

    before(async function () {
        if (!hasCluster()) this.skip();
        chain = await Chain.create({
            service,
            onCluster: true,
            onOutput: (text) => (output += text),
        });
        cleanUps.push(() => chain.remove());
        ok(chain.cluster);
        issuer = await startIssuer(chain.cluster.hostIp);
        cleanUps.push(issuer.stop);
        for (const environment of environments) {
            await chain.set(environment, "oauth2.issuer", issuer.issuer);
            // As OpenShift does: any user id, in the group root.
            await chain.set(environment, "container.user", "1000730000:0");
        }
        await chain.set("prod", "quay.visibility", "private");
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });
    beforeEach(() => {
        output = "";
    });
    afterEach(function () {
        if (this.currentTest?.state === "failed") console.error(output.slice(-8000));
    });

    /** The images that the pods of an environment run. */
    async function imagesIn(environment: EnvironmentName): Promise<string[]> {
        const image = "{.items[*].spec.containers[0].image}";
        const options = ["--field-selector=status.phase=Running", `--output=jsonpath=${image}`];
        return (await chain.kubectl(environment, "get", "pods", ...options)).split(" ");
    }

    it("is not promoted to prod before it has run in staging for as long as it has to", async () => {
        await chain.set("prod", "promoteFrom.requireRunning", "true");
        await chain.set("prod", "promoteFrom.soak", "1h");
        await chain.up("dev");
        const version = String.raw`1\.0\.0 \(sha256:\w{12}…\)`;
        await chain.up("staging");
        await rejects(
            chain.preview("prod"),
            new RegExp(`${version} has been running in staging for .* of 1 h; it may be promoted`),
        );
        chain.quay.ageTags(`${account}/mlops_python_2022_2023_staging`, 3600);
    });

    for (const environment of environments) {
        it(`runs in ${environment}, classifies a picture, and says so in its repository`, async () => {
            await chain.up(environment);
            const { image, digest, namespace, replicas } = chain.outputs(environment);
            equal(namespace, namespaceOf(environment));
            const url = await chain.serviceUrl(environment);
            const form = new FormData();
            const picture = readFileSync(join(service, "examples/seven.png"));
            form.set("file", new Blob([picture], { type: "image/png" }), "seven.png");
            const response = await fetch(`${url}/upload`, {
                method: "POST",
                body: form,
                headers: { authorization: `Bearer ${issuer.token}` },
            });
            match(await response.text(), /"class":"7"/);
            deepEqual(
                await imagesIn(environment),
                Array.from({ length: replicas?.min ?? 0 }, () => image),
            );
            equal((await chain.tags(environment))["running"], digest);
        });
    }

    it("has nothing to do the next time", async () => {
        const { changes } = await chain.up("staging");
        deepEqual(Object.keys(changes), ["same"]);
    });

    it("serves in dev what was pushed, after an `up` of dev alone", async () => {
        const first = await chain.push({ "CHANGES.md": "One.\n" }, "One");
        ok(first.succeeded, first.output);
        const last = await chain.push({ "CHANGES.md": "Two.\n" }, "Two");
        ok(last.succeeded, last.output);
        const { changes } = await chain.preview("dev");
        deepEqual((await chain.up("dev")).changes, changes);
        const { image, digest, ...outputs } = chain.outputs("dev");
        deepEqual([outputs.commit, outputs.version], [last.commit, `sha-${last.commit}`]);
        deepEqual(outputs.tags, [outputs.version]);
        const tags = await chain.tags("dev");
        deepEqual([tags["latest"], tags["running"], tags[outputs.version]], Array(3).fill(digest));
        await until(async () => String(await imagesIn("dev")) === image, "the end of the old pods");
        const annotation = String.raw`{.items[*].metadata.annotations.mlops/commit}`;
        equal(
            await chain.kubectl("dev", "get", "deployments", `--output=jsonpath=${annotation}`),
            last.commit,
        );
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);

        // A run for the commit before it names that image, and takes dev nowhere.
        chain.repository.createTag("v0.9.0", first.commit);
        const old = await chain.runWorkflow("refs/tags/v0.9.0");
        ok(old.succeeded, old.output);
        const { "0.9.0": named, ...others } = await chain.tags("dev");
        deepEqual(others, tags);
        equal(named, tags[`sha-${first.commit}`]);
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);
    });

    /** What prod's pods pull their image with: a robot and its token, as `user:password`. */
    async function pullLogin(): Promise<string> {
        const pull = await chain.kubectl("prod", "get", "secrets", "--output=json");
        const config = /"\.dockerconfigjson": "([^"]+)"/.exec(pull)?.[1] ?? "";
        const { auths } = z
            .object({ auths: z.record(z.string(), z.object({ auth: z.string() })) })
            .parse(JSON.parse(Buffer.from(config, "base64").toString()));
        const [login = ""] = Object.values(auths).map(({ auth }) =>
            Buffer.from(auth, "base64").toString(),
        );
        return login;
    }

    it("pulls a private image with a robot that reads alone", async () => {
        const [robot] = (await pullLogin()).split(":");
        equal(robot, "alice+mlopspython_2022_2023_prod_robot_pull");
    });

    /** Has a pod pull prod's image anew. @returns why that failed, if it did */
    async function pull(name: string): Promise<string | undefined> {
        const deployed = await chain.kubectl("prod", "get", "deployments", "--output=json");
        const { spec } = deploymentsForm.parse(JSON.parse(deployed)).items[0].spec.template;
        const { image, securityContext } = spec.containers[0];
        const container = { name, image, imagePullPolicy: "Always", command: ["true"] };
        const pod = {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name },
            spec: {
                ...spec,
                containers: [{ ...container, securityContext }],
                restartPolicy: "Never",
            },
        };
        const namespace = ["--namespace", namespaceOf("prod")];
        const kubectl = async (args: readonly string[], input?: string): Promise<string> =>
            (await chain.cluster?.kubectl([...args, ...namespace], input)) ?? "";
        await kubectl(["create", "--filename=-"], JSON.stringify(pod));
        const status = "jsonpath={.status.phase} {.status.containerStatuses[0].state.waiting}";
        let state = "";
        await until(async () => {
            state = await kubectl(["get", "pod", name, `--output=${status}`]);
            return /^Succeeded|ErrImagePull|ImagePullBackOff/.test(state);
        }, `the image of ${name}`);
        await kubectl(["delete", "pod", name, "--wait=false"]);
        return state.startsWith("Succeeded") ? undefined : state;
    }

    it("fails no pull while the robot that pulls is rotated twice", async function () {
        const scope = `repository:${account}/mlops_python_2022_2023_prod:pull`;
        const statusOf = async (userAndPassword: string): Promise<number> => {
            const [user = "", password = ""] = userAndPassword.split(":");
            return (await login(chain.quay, basic(user, password), scope)).status;
        };
        const pods = ["get", "pods", "--output=jsonpath={.items[*].metadata.uid}"];
        const running = await chain.kubectl("prod", ...pods);
        const logins = [await pullLogin()];
        const rotations = new AbortController();
        const pulling = (async () => {
            const failures: (string | undefined)[] = [];
            while (!rotations.signal.aborted)
                failures.push(await pull(`pull-${String(failures.length)}`));
            return failures;
        })();
        for (const rotation of [1, 2]) {
            await chain.set("prod", "cluster.pull.rotation", String(rotation));
            await chain.up("prod");
            logins.push(await pullLogin());
        }
        rotations.abort();
        const pulls = await pulling;
        this.runnable().title += `: ${String(pulls.length)} pulls`;
        deepEqual(pulls.filter(Boolean), []);
        ok(pulls.length > 3);
        // The one before the last works until the next rotation.
        deepEqual(await Promise.all(logins.map(statusOf)), [401, 200, 200]);
        await until(
            async () => (await chain.kubectl("prod", ...pods)) === running,
            "the service's own pods, which are the same",
        );
    });

    it("keeps the tag `running` where it is when a release fails", async () => {
        const { digest: former } = chain.outputs("dev");
        await chain.publish("1.0.1");
        await chain.set("dev", "service.healthPath", "/nothing");
        await chain.set("dev", "cluster.healthTimeout", "15");
        await rejects(chain.up("dev"), /The former version goes on serving: \S+/);
        const tags = await chain.tags("dev");
        equal(tags["running"], former);
        notEqual(tags["1.0.1"], former);
        await chain.set("dev", "service.healthPath", "/health");
        await chain.set("dev", "cluster.healthTimeout", "180");
        await chain.up("dev");
        equal((await chain.tags("dev"))["running"], tags["1.0.1"]);
    });

    it("leaves nothing on the cluster", async () => {
        await chain.destroy("staging");
        const kinds =
            "deployments,pods,services,secrets,networkpolicies,routes,poddisruptionbudgets";
        // The pods go on serving while they are drained.
        await until(async () => {
            const found = await chain.kubectl("staging", "get", kinds, "--output=name");
            return found.trim() === "service/node-port";
        }, "the end of the service's objects");
    });
});
