import { deepEqual, equal, match, notDeepEqual, ok } from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Cluster, hasCluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { createProject } from "../../sandbox/cluster/project.ts";
import { type Project, type Result, run, temporary } from "../../sandbox/project.ts";
import { type Count, startLoad } from "../load.ts";
import { until } from "../until.ts";

const tag = `e2e-cluster-service-${String(process.pid)}:1`;
const namespace = "digits";
const deployment = "digits-local";
const nodePort = 30080;

/** An image that cannot be pulled: no registry listens there. */
const missingImage = `127.0.0.1:1/digits@sha256:${"0".repeat(64)}`;

/** What a service is changed to; the rest of it stays. */
interface Change {
    readonly image?: string;
    readonly replicas?: { readonly min: number; readonly max: number };
    readonly env?: Readonly<Record<string, string>>;
    readonly password?: string;
    readonly secret?: string;
    readonly onFailure?: "keep" | "rollBack";
    readonly healthTimeout?: number;
}

const program = ({ password = "token-1", secret = "first", env, ...change }: Change): string => `
    import * as pulumi from "@pulumi/pulumi";
    import { ClusterService } from "./components/clusterService.ts";
    const service = new ClusterService("digits", {
        version: "1.0.0",
        namespace: "${namespace}",
        createNamespace: true,
        port: 8080,
        healthPath: "/health",
        resources: { cpu: "50m", memory: "256Mi" },
        healthTimeout: 120,
        env: {
            OAUTH2_ISSUER: "https://issuer.invalid/",
            OAUTH2_AUDIENCE: "digits",
            OAUTH2_JWKS_URI: "jwks.json",
            CLIENT_SECRET: pulumi.secret("${secret}"),
            ...${JSON.stringify(env ?? {})},
        },
        pull: {
            registry: "quay.example",
            username: "acme+reader",
            password: pulumi.secret("${password}"),
        },
        ...${JSON.stringify(change)},
    });
    export const url = service.serviceUrl;`;

const podList = z.object({
    items: z.array(
        z.object({
            metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
            status: z.object({
                containerStatuses: z
                    .array(z.object({ ready: z.boolean(), restartCount: z.number() }))
                    .default([]),
            }),
        }),
    ),
});

describe("a service on a cluster", () => {
    let folder: string;
    let cluster: Cluster;
    let project: Project;
    let image: string;
    /** What the service was last changed to. */
    let current: Change = {};
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
        if (!hasCluster()) this.skip();
        folder = temporary("cluster");
        cleanUps.push(() => {
            rmSync(folder, { recursive: true });
        });
        const service = join(import.meta.dirname, "../../service");
        const base = "--build-arg=MLOPS_BASE_IMAGE";
        await run("docker", ["build", "--quiet", base, "--tag", tag, service]);
        cleanUps.push(() => run("docker", ["rmi", tag]));
        cluster = await startCluster(folder);
        cleanUps.push(() => cluster.stop());
        image = await cluster.loadImage(tag);
        project = await createProject(cluster);
        cleanUps.push(() => {
            project.remove();
        });
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    async function up(change: Change): Promise<Result & { readonly seconds: number }> {
        current = { ...current, ...change };
        project.program(program(current));
        const begin = Date.now();
        const result = await project.up();
        return { ...result, seconds: (Date.now() - begin) / 1000 };
    }

    async function succeed(change: Change): Promise<number> {
        const { failed, output, seconds } = await up(change);
        equal(failed, false, output);
        return seconds;
    }

    const kubectl = async (...args: string[]): Promise<string> =>
        cluster.kubectl(["--namespace", namespace, ...args]);

    /** All pods, also those that are being stopped. */
    async function pods(): Promise<z.output<typeof podList>["items"]> {
        return podList.parse(JSON.parse(await kubectl("get", "pods", "--output=json"))).items;
    }

    /** Waits until there are so many pods, and all of them are ready. */
    async function settled(count: number, seconds?: number): Promise<void> {
        await until(
            async () => {
                const found = await pods();
                const isReady = found.every(
                    ({ metadata, status }) =>
                        metadata.deletionTimestamp === undefined &&
                        status.containerStatuses.some(({ ready }) => ready),
                );
                return isReady && found.length === count;
            },
            `${String(count)} pods that are ready, and no others`,
            seconds,
        );
    }

    /**
     * Requests the service from outside the cluster while something happens.
     *
     * @param rate how many requests a second there are. Default: as many as it answers.
     */
    async function underLoad(event: () => Promise<unknown>, rate?: number): Promise<Count> {
        const load = startLoad(`http://${cluster.nodeIp}:${String(nodePort)}/health`, rate);
        let counts: Count;
        try {
            await event();
        } finally {
            counts = await load.stop();
        }
        return counts;
    }

    /** Adds figures to a test's title, which the reporter prints when the test has ended. */
    function show(
        { seconds, counts }: { seconds?: number | undefined; counts?: Count },
        test: Mocha.Context,
    ) {
        const figures = [
            ...(seconds === undefined ? [] : [`${seconds.toFixed(1)} s`]),
            ...(counts === undefined
                ? []
                : [`${String(counts.failed)} of ${String(counts.total)} requests failed`]),
        ];
        test.runnable().title += `: ${figures.join(", ")}`;
    }

    /**
     * Fails if a request fails while something happens. Shows how many there were.
     *
     * @param event returns the seconds to show.
     */
    async function losesNothing(test: Mocha.Context, event: () => Promise<number>): Promise<void> {
        let seconds: number | undefined;
        const counts = await underLoad(async () => (seconds = await event()));
        show({ seconds, counts }, test);
        equal(counts.failed, 0, [...counts.causes].join());
    }

    it("serves when up ends", async function () {
        show({ seconds: await succeed({ image, replicas: { min: 3, max: 3 } }) }, this);
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
        const url = `http://${cluster.nodeIp}:${String(nodePort)}/health`;
        await until(
            async () =>
                fetch(url).then(
                    ({ status }) => status === 200,
                    () => false,
                ),
            `an answer at ${url}`,
        ).catch((error: unknown) => {
            throw new Error(cluster.logs(), { cause: error });
        });
    });

    it("loses no request when the pull secret changes, which restarts no pod", async function () {
        const before = await pods();
        const secret = ["get", "secret", "digits-pull-local", "--output"];
        const data = await kubectl(...secret, "jsonpath={.data}");
        const uid = await kubectl(...secret, "jsonpath={.metadata.uid}");
        await losesNothing(this, () => succeed({ password: "token-2" }));
        deepEqual(await pods(), before);
        notDeepEqual(await kubectl(...secret, "jsonpath={.data}"), data);
        equal(await kubectl(...secret, "jsonpath={.metadata.uid}"), uid);
    });

    it("loses no request when it gets fewer pods", async function () {
        await losesNothing(this, async () => {
            const seconds = await succeed({ replicas: { min: 2, max: 2 } });
            await settled(2);
            return seconds;
        });
    });

    it("loses no request in a rolling update", async function () {
        const before = new Set((await pods()).map(({ metadata }) => metadata.name));
        await losesNothing(this, async () => {
            const seconds = await succeed({ env: { RELEASE: "2" } });
            await settled(2);
            return seconds;
        });
        const after = (await pods()).map(({ metadata }) => metadata.name);
        deepEqual(
            after.filter((name) => before.has(name)),
            [],
        );
    });

    it("loses no request when its node is drained, of one pod at a time", async function () {
        const evict = async (name: string): Promise<string> => {
            const eviction = {
                apiVersion: "policy/v1",
                kind: "Eviction",
                metadata: { name, namespace },
            };
            const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
            const create = ["create", "--raw", path, "--filename=-"];
            return cluster.kubectl(create, JSON.stringify(eviction)).catch(String);
        };
        const [first = "", second = ""] = (await pods()).map(({ metadata }) => metadata.name);
        await losesNothing(this, async () => {
            const begin = Date.now();
            await kubectl("cordon", "node");
            match(await evict(first), /Success/);
            match(await evict(second), /violate the pod's disruption budget/);
            await until(
                async () => !(await pods()).some(({ metadata }) => metadata.name === first),
                "the end of the evicted pod",
            );
            await kubectl("uncordon", "node");
            await settled(2);
            return (Date.now() - begin) / 1000;
        });
    });

    it("loses no request when a release cannot be pulled, which up says", async function () {
        const { output } = await failUnderLoad(this, { image: missingImage });
        match(output, /The rollout of digits-local in the namespace digits failed\./);
        match(output, /The pod digits-local-\S+ cannot pull its image: .*connection refused/);
        ok(output.includes(`The former version goes on serving: ${image}`), output);
        equal(await deployedImage(), missingImage);
    });

    it("has former pods restart with their secret, while a release fails", async () => {
        const failed = await up({ secret: "second", healthTimeout: 10 });
        equal(failed.failed, true, failed.output);
        await kubectl("delete", "pods", ...(await readyPods()));
        await until(async () => (await readyPods()).length === 2, "two former pods");
        for (const name of await readyPods())
            equal(await variableOf(name, "CLIENT_SECRET"), "first");
    });

    it("rolls a secret back with its release, and loses no request", async function () {
        const change = { onFailure: "rollBack", secret: "third", env: {} } as const;
        const { output } = await failUnderLoad(this, change);
        ok(output.includes(`Rolled back. The former version goes on serving: ${image}`), output);
        equal(await deployedImage(), image);
        // What serves is of that release: nothing else is started.
        await settled(2);
        await kubectl("delete", "pods", ...(await readyPods()));
        await settled(2);
        for (const name of await readyPods()) {
            equal(await variableOf(name, "CLIENT_SECRET"), "first");
            equal(await variableOf(name, "RELEASE"), "2");
        }
    });

    it("loses no request when the next up converges", async function () {
        await losesNothing(this, async () => {
            const seconds = await succeed({ image, healthTimeout: 120 });
            await settled(2);
            return seconds;
        });
        equal(await deployedImage(), image);
        for (const name of await readyPods()) {
            equal(await variableOf(name, "CLIENT_SECRET"), "third");
            equal(await variableOf(name, "RELEASE"), "");
        }
        const secrets = await kubectl("get", "secrets", "--output=name");
        equal(secrets.match(/digits-env-local-/g)?.length, 1, secrets);
    });

    /** The names of the pods that are ready, without those that are being stopped. */
    async function readyPods(): Promise<string[]> {
        return (await pods())
            .filter(
                ({ metadata, status }) =>
                    metadata.deletionTimestamp === undefined &&
                    status.containerStatuses.some(({ ready }) => ready),
            )
            .map(({ metadata }) => metadata.name);
    }

    /** Returns a variable of a pod's service; empty if there is none. */
    async function variableOf(pod: string, name: string): Promise<string> {
        const print = `import os; print(os.environ.get("${name}", ""))`;
        return (await kubectl("exec", pod, "--", "python3", "-c", print)).trim();
    }

    async function failUnderLoad(test: Mocha.Context, change: Change): Promise<Result> {
        let result: Result | undefined;
        await losesNothing(test, async () => {
            const { seconds, ...rest } = await up(change);
            result = rest;
            return seconds;
        });
        if (result?.failed !== true) throw new Error("up has not failed");
        return result;
    }

    const deployedImage = async (): Promise<string> =>
        kubectl(
            ...["get", "deployment", deployment, "--output"],
            "jsonpath={.spec.template.spec.containers[0].image}",
        );

    /** Fails if there are ever fewer pods that are ready while something happens. */
    async function keepsReady(least: number, event: () => Promise<unknown>): Promise<void> {
        const path = "jsonpath={.spec.replicas}/{.status.readyReplicas} ";
        const watch = ["get", "deployment", deployment, "--namespace", namespace, "--watch"];
        const watching = project.start("kubectl", ...watch, `--output=${path}`);
        await watching.prints(/\d/);
        try {
            await event();
        } finally {
            watching.signal("SIGTERM");
            await watching.ended;
        }
        const ready = [...watching.output.matchAll(/\/(\d*) /g)].map(([, count]) => Number(count));
        ok(Math.min(...ready) >= least, watching.output);
    }

    async function showsNoDifference(): Promise<void> {
        const preview = await project.preview();
        equal(preview.failed, false, preview.output);
        deepEqual(Object.keys(preview.changes), ["same"], preview.output);
    }

    it("keeps its pods when an autoscaler takes over, and shows no difference then", async function () {
        await keepsReady(2, async () => {
            show({ seconds: await succeed({ replicas: { min: 2, max: 4 } }) }, this);
            await kubectl("scale", "deployment", deployment, "--replicas=3");
            await until(async () => (await readyPods()).length >= 3, "three pods");
        });
        await showsNoDifference();
    });

    it("is scaled with its load, up and down again, and loses no request", async function () {
        const behavior = { scaleDown: { stabilizationWindowSeconds: 15 } };
        const patch = JSON.stringify({ spec: { behavior } });
        await kubectl("patch", "hpa", deployment, "--type=merge", `--patch=${patch}`);
        await until(async () => (await readyPods()).length === 2, "the least number of pods", 120);
        let begin = Date.now();
        const busy = await underLoad(async () =>
            until(async () => (await readyPods()).length === 4, "all pods", 120),
        );
        const up = (Date.now() - begin) / 1000;
        begin = Date.now();
        const idle = await underLoad(async () => settled(2, 120), 10);
        const down = (Date.now() - begin) / 1000;
        const counts = {
            total: busy.total + idle.total,
            failed: busy.failed + idle.failed,
            causes: new Set([...busy.causes, ...idle.causes]),
        };
        this.runnable().title += `: ${up.toFixed(0)} s up, ${down.toFixed(0)} s down`;
        show({ counts }, this);
        equal(counts.failed, 0, [...counts.causes].join());
    });

    it("comes back where it was scaled to 0, with an autoscaler", async function () {
        show({ seconds: await comeBack() }, this);
        ok((await readyPods()).length >= 2);
    });

    /** Scales the service to 0. @returns how long `up` then takes. */
    async function comeBack(): Promise<number> {
        await kubectl("scale", "deployment", deployment, "--replicas=0");
        await settled(0);
        return succeed({});
    }

    it("has the fixed number of pods when its autoscaler goes, never fewer in between", async function () {
        // Without load the autoscaler would take a pod away meanwhile, as it should.
        const behavior = { scaleDown: { selectPolicy: "Disabled" } };
        const patch = JSON.stringify({ spec: { behavior } });
        await kubectl("patch", "hpa", deployment, "--type=merge", `--patch=${patch}`);
        await kubectl("scale", "deployment", deployment, "--replicas=3");
        await until(async () => (await readyPods()).length >= 3, "three pods");
        // Only the autoscaler's own range keeps it from setting another number.
        const failed = await up({
            replicas: { min: 3, max: 3 },
            image: missingImage,
            healthTimeout: 5,
        });
        equal(failed.failed, true, failed.output);
        equal(await rangeOfAutoscaler(), "3 to 3");
        await succeed({ replicas: { min: 2, max: 4 }, image, healthTimeout: 120 });
        equal(await rangeOfAutoscaler(), "2 to 4");

        await keepsReady(3, async () => {
            show({ seconds: await succeed({ replicas: { min: 3, max: 3 } }) }, this);
        });
        await settled(3);
        equal(await rangeOfAutoscaler(), "");
        await showsNoDifference();
    });

    it("comes back where it was scaled to 0, with a fixed number of pods", async function () {
        show({ seconds: await comeBack() }, this);
        equal((await readyPods()).length, 3);
        await showsNoDifference();
    });

    const rangeOfAutoscaler = async (): Promise<string> =>
        kubectl(
            ...["get", "hpa", deployment, "--ignore-not-found", "--output"],
            "jsonpath={.spec.minReplicas} to {.spec.maxReplicas}",
        );

    it("loses requests without its probes and its time to drain", async function () {
        const container = "/spec/template/spec/containers/0";
        const removed = ["lifecycle", "startupProbe", "readinessProbe", "livenessProbe"];
        const patch = removed.map((field) => ({ op: "remove", path: `${container}/${field}` }));
        const counts = await underLoad(async () => {
            const change = ["patch", "deployment", deployment, "--type=json"];
            await kubectl(...change, `--patch=${JSON.stringify(patch)}`);
            await kubectl("rollout", "status", "deployment", deployment);
        });
        show({ counts }, this);
        ok(counts.failed > 0);
    });
});
