/** The chain with a cluster: what each environment runs, as accounts that may use one namespace. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import * as jose from "jose";
import { z } from "zod";
import { until } from "../until.ts";
import { hasCluster } from "../../sandbox/cluster/cluster.ts";
import {
    Chain,
    type EnvironmentName,
    environments,
    namespaceOf,
} from "../../sandbox/demo/chain.ts";

const audience = "https://api.example.org";
const service = join(import.meta.dirname, "../../service");

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

    it("pulls a private image with a robot that reads alone", async () => {
        const pull = await chain.kubectl("prod", "get", "secrets", "--output=json");
        const config = /"\.dockerconfigjson": "([^"]+)"/.exec(pull)?.[1] ?? "";
        const { auths } = z
            .object({ auths: z.record(z.string(), z.object({ auth: z.string() })) })
            .parse(JSON.parse(Buffer.from(config, "base64").toString()));
        const [robot] = Object.values(auths).map(
            ({ auth }) => Buffer.from(auth, "base64").toString().split(":")[0],
        );
        equal(robot, "alice+mlopspython_2022_2023_prod_robot_pull");
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
