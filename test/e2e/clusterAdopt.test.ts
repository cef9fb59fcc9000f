/** The Deployment, Service and Route of the course's chapter, taken over under load. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { rmSync } from "node:fs";
import { z } from "zod";
import { type Cluster, hasCluster } from "../../sandbox/cluster/cluster.ts";
import { buildSmallImage, writeSmallService } from "../../sandbox/cluster/smallImage.ts";
import { Chain, namespaceOf } from "../../sandbox/demo/chain.ts";
import { run, temporary } from "../../sandbox/project.ts";
import { type Count, startLoad } from "../load.ts";
import { askRouter } from "../router.ts";
import { until } from "../until.ts";

const tag = `e2e-cluster-adopt-${String(process.pid)}:1`;
const namespace = namespaceOf("dev");
const host = `mlops-api-${namespace}.apps.sandbox.example`;

/** What the chapter deploys. */
const chapter = (image: string) => ({
    apiVersion: "v1",
    kind: "List",
    items: [
        {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "mlops-api", namespace },
            spec: {
                replicas: 1,
                selector: { matchLabels: { app: "mlops-api" } },
                template: {
                    metadata: { labels: { app: "mlops-api" } },
                    spec: {
                        securityContext: {
                            runAsNonRoot: true,
                            seccompProfile: { type: "RuntimeDefault" },
                        },
                        containers: [
                            {
                                name: "mlops-api",
                                image,
                                ports: [{ containerPort: 8080 }],
                                securityContext: {
                                    allowPrivilegeEscalation: false,
                                    capabilities: { drop: ["ALL"] },
                                },
                            },
                        ],
                    },
                },
            },
        },
        {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "mlops-api-service", namespace },
            spec: { selector: { app: "mlops-api" }, ports: [{ port: 8080, targetPort: 8080 }] },
        },
        {
            apiVersion: "route.openshift.io/v1",
            kind: "Route",
            metadata: { name: "mlops-api", namespace },
            spec: {
                host,
                to: { kind: "Service", name: "mlops-api-service" },
                port: { targetPort: 8080 },
                tls: { termination: "edge", insecureEdgeTerminationPolicy: "None" },
            },
        },
    ],
});

const routeForm = z.object({
    metadata: z.object({ uid: z.string() }),
    spec: z.object({ host: z.string(), to: z.object({ name: z.string() }) }),
});

describe("make adopt of what runs on a cluster", () => {
    let chain: Chain;
    let cluster: Cluster;
    let uid: string;
    /** The command that deletes what was made by hand. */
    let deletion: string[] = [];
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
        if (!hasCluster()) this.skip();
        const service = temporary("service");
        cleanUps.push(() => {
            rmSync(service, { recursive: true });
        });
        writeSmallService(service, "from the stack\n");
        chain = await Chain.create({ service, onCluster: true });
        cleanUps.push(() => chain.remove());
        ok(chain.cluster);
        ({ cluster } = chain);
        await buildSmallImage(tag, "by hand\n");
        cleanUps.push(() => run("docker", ["rmi", tag]));
        const image = await cluster.loadImage(tag);
        await cluster.kubectl(["apply", "--filename=-"], JSON.stringify(chapter(image)));
        await until(async () => (await answer()) === "by hand\n", "the chapter's service answers");
        ({ uid } = (await route()).metadata);

        await chain.set("dev", "service.healthPath", "/static/answer");
        await chain.set("dev", "cluster.expose.name", "mlops-api");
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    const answer = async (): Promise<string> => (await askRouter(cluster, host)).text;

    async function route(): Promise<z.output<typeof routeForm>> {
        const found = await chain.kubectl("dev", "get", "route", "mlops-api", "--output=json");
        return routeForm.parse(JSON.parse(found));
    }

    /** Requests the Route's host while something happens. Shows how many requests failed. */
    async function underLoad(test: Mocha.Context, event: () => Promise<unknown>): Promise<Count> {
        const load = startLoad(`http://${cluster.nodeIp}/static/answer`, undefined, host);
        let counts: Count;
        try {
            await event();
        } finally {
            counts = await load.stop();
        }
        const { failed, total } = counts;
        test.runnable().title += `: ${String(failed)} of ${String(total)} requests failed`;
        return counts;
    }

    it("is needed: up refuses a Route that the stack did not make", async () => {
        await rejects(
            chain.up("dev"),
            /Route mlops-api\n[^]*Delete them or give the service another/,
        );
        equal(await answer(), "by hand\n");
    });

    it("imports the Route and changes nothing of it but its label", async () => {
        const before = await route();
        const printed = await chain.run(process.execPath, "operations/adopt.ts", "dev");
        match(printed, /kubernetes:route\.openshift\.io\/v1:Route alice-dev\/mlops-api\n/);
        match(printed, new RegExp(`the Route of ${host} lead to the new pods once they serve`));
        const [, command = ""] = /^ {2}(kubectl .* delete .*)$/m.exec(printed) ?? [];
        deletion = command.split(" ");
        deepEqual(deletion.slice(-3), [
            "delete",
            "deployment/mlops-api",
            "service/mlops-api-service",
        ]);
        deepEqual(await route(), before);
        const { changes, output } = await chain.preview("dev");
        deepEqual(Object.keys(changes).sort(), ["create", "same", "update"], output);
    });

    it("keeps the Route and its host, and loses no request in up", async function () {
        const { failed, causes } = await underLoad(this, async () => {
            await chain.up("dev");
        });
        equal(failed, 0, [...causes].join());
        equal(await answer(), "from the stack\n");
        const { metadata, spec } = await route();
        deepEqual([metadata.uid, spec.host], [uid, host]);
        equal(chain.outputs("dev").serviceUrl, `https://${host}`);
    });

    it("loses no request when what was made by hand is deleted", async function () {
        const { failed, causes } = await underLoad(this, async () => {
            await chain.run(deletion[0] ?? "", ...deletion.slice(1));
            await until(async () => {
                const pods = ["get", "pods", "--selector=app=mlops-api", "--output=name"];
                return (await chain.kubectl("dev", ...pods)) === "";
            }, "the end of the old pods");
        });
        equal(failed, 0, [...causes].join());
        equal(await answer(), "from the stack\n");
    });

    it("has nothing more to do", async () => {
        deepEqual(Object.keys((await chain.up("dev")).changes), ["same"]);
        const printed = await chain.run(process.execPath, "operations/adopt.ts", "dev");
        match(printed, /Nothing to adopt/);
        equal(/ delete /.test(printed), false, printed);
    });

    it("would lose requests if the Route led to nothing for a while", async function () {
        const { name } = (await route()).spec.to;
        const leadTo = async (service: string): Promise<void> => {
            const patch = `--patch={"spec":{"to":{"name":"${service}"}}}`;
            await chain.kubectl("dev", "patch", "route", "mlops-api", "--type=merge", patch);
        };
        const { failed } = await underLoad(this, async () => {
            await leadTo("nowhere");
            await until(async () => (await answer()) !== "from the stack\n", "a refused request");
            await leadTo(name);
            await until(async () => (await answer()) === "from the stack\n", "an answer");
        });
        ok(failed > 0);
    });
});
