import { equal, match, ok } from "node:assert/strict";
import { rmSync } from "node:fs";
import { type Cluster, hasCluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { createProject } from "../../sandbox/cluster/project.ts";
import { buildSmallImage } from "../../sandbox/cluster/smallImage.ts";
import { type Project, type Result, run, temporary } from "../../sandbox/project.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { startLoad } from "../load.ts";
import { until } from "../until.ts";

const tag = `e2e-cluster-failures-${String(process.pid)}:1`;
const namespace = "shop";
const deployment = "shop-local";
const nodePort = 30080;
const registry = "quay.example";

/** What a release changes of the one that works. */
type Change = Readonly<Record<string, unknown>>;

const program = (image: string, change: Change): string => `
    import { ClusterService } from "./components/clusterService.ts";
    new ClusterService("shop", {
        image: "${image}",
        version: "1.0.0",
        namespace: "${namespace}",
        port: 8080,
        healthPath: "/static/answer",
        healthTimeout: 60,
        replicas: { min: 2, max: 2 },
        resources: { cpu: "50m", memory: "64Mi" },
        container: { user: "10001" },
        ...${JSON.stringify(change)},
    });`;

describe("a release on a cluster that cannot work", () => {
    let cluster: Cluster;
    let project: Project;
    let image: string;
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
        if (!hasCluster()) this.skip();
        const folder = temporary("cluster");
        cleanUps.push(() => {
            rmSync(folder, { recursive: true });
        });
        const quay: Quay = await startQuay();
        cleanUps.push(() => quay.stop());
        await buildSmallImage(tag, "the shop");
        cleanUps.push(() => run("docker", ["rmi", tag]));
        cluster = await startCluster(folder, { registries: { [registry]: quay.url } });
        cleanUps.push(() => cluster.stop());
        image = await cluster.loadImage(tag);
        project = await createProject(cluster);
        cleanUps.push(() => {
            project.remove();
        });
        await cluster.kubectl(["create", "namespace", namespace]);
        const level = "pod-security.kubernetes.io/enforce=restricted";
        await cluster.kubectl(["label", "namespace", namespace, level]);
        await succeed();
        const service = {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "outside", namespace },
            spec: {
                type: "NodePort",
                selector: { "app.kubernetes.io/name": deployment },
                ports: [{ port: 80, targetPort: "http", nodePort }],
            },
        };
        await cluster.kubectl(["apply", "--filename=-"], JSON.stringify(service));
        await until(
            async () =>
                fetch(url()).then(
                    ({ ok }) => ok,
                    () => false,
                ),
            `an answer at ${url()}`,
        );
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    const url = (): string => `http://${cluster.nodeIp}:${String(nodePort)}/static/answer`;
    const kubectl = async (...args: string[]): Promise<string> =>
        cluster.kubectl(["--namespace", namespace, ...args]);

    async function up(change: Change = {}): Promise<Result> {
        project.program(program(image, change));
        return project.up();
    }

    /** Releases what works, with these changes. */
    async function succeed(change: Change = {}): Promise<void> {
        const { failed, output } = await up(change);
        equal(failed, false, output);
    }

    /**
     * Has a release fail, and the next one work, while the service is requested. Shows in the
     * test's title how long the first took and how many requests failed.
     *
     * @param repair what is done in between. Default: nothing.
     * @returns what `up` said of the first.
     */
    async function failureOf(
        test: Mocha.Context,
        change: Change,
        repair: () => Promise<unknown> = () => Promise.resolve(),
    ): Promise<string> {
        const load = startLoad(url());
        const begin = Date.now();
        const failure = await up(change);
        const seconds = ((Date.now() - begin) / 1000).toFixed(1);
        await repair();
        const next = await up();
        const { failed, total, causes } = await load.stop();
        const requests = `${String(failed)} of ${String(total)} requests failed`;
        test.runnable().title += `: up fails after ${seconds} s, ${requests}`;
        equal(failure.failed, true, failure.output);
        match(
            failure.output,
            new RegExp(`The rollout of ${deployment} in the namespace .* failed`),
        );
        ok(failure.output.includes(`The former version goes on serving: ${image}`), failure.output);
        equal(next.failed, false, next.output);
        equal(failed, 0, [...causes].join());
        return failure.output;
    }

    it("as its service crashes: up shows the end of its output", async function () {
        // The program of the image reads this file as its configuration.
        const output = await failureOf(this, { env: { KUBECONFIG: "/www/answer" } });
        match(output, /The service crashes in the pod shop-local-\S+ \(\d times\): exit code 1\./);
        match(output, /The end of its output:\n.*error loading config file/);
    });

    it("as its health path is wrong: up shows what the probe got", async function () {
        const change = { healthPath: "/static/nothing", healthTimeout: 8 };
        const output = await failureOf(this, change);
        match(output, /Not all pods served within 8 seconds\. The pod shop-local-\S+ is not ready/);
        match(output, /probe failed: HTTP probe failed with statuscode: 404/);
    });

    it("as Pod Security forbids its pods", async function () {
        const output = await failureOf(this, { container: { user: "10001", strict: false } });
        match(output, /Pod Security forbids the pods: violates PodSecurity "restricted:latest"/);
    });

    it("as the registry refuses its pull secret", async function () {
        const output = await failureOf(this, {
            image: `${registry}/acme/shop@sha256:${"0".repeat(64)}`,
            pull: { registry, username: "acme+reader", password: "wrong" },
            healthTimeout: 15,
        });
        match(output, /The pod shop-local-\S+ cannot pull its image: .*401 Unauthorized/);
    });

    it("as the quota has no room for its pods, and works once it has", async function () {
        const change = { env: { RELEASE: "2" }, healthTimeout: 15 };
        await kubectl("create", "quota", "small", "--hard=pods=2");
        const output = await failureOf(this, change, async () => {
            await kubectl("delete", "quota", "small");
            await succeed(change);
        });
        match(
            output,
            /There is no room for the pods in the namespace's quota: exceeded quota: small/,
        );
    });
});
