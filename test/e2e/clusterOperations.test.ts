/** What the operations and previews of a stack know of the cluster that its service runs on. */
import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createAccounts } from "../../sandbox/cluster/account.ts";
import { type Cluster, hasCluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { createProject } from "../../sandbox/cluster/project.ts";
import { buildSmallImage } from "../../sandbox/cluster/smallImage.ts";
import { type Project, type Result, run, temporary } from "../../sandbox/project.ts";
import { until } from "../until.ts";

const tag = `e2e-cluster-operations-${String(process.pid)}:1`;
const namespace = "digits";
const deployment = "digits-local";
const kinds = "deployments,services,serviceaccounts,networkpolicies,secrets,routes";

/** What a service is changed to; the rest of it stays. */
interface Change {
    readonly replicas?: { readonly min: number; readonly max: number };
    readonly env?: Readonly<Record<string, string>>;
    readonly egress?: readonly { readonly cidr: string }[];
}

const kubeconfigForm = z.object({
    clusters: z.tuple([
        z.object({
            cluster: z.object({ server: z.string(), "certificate-authority": z.string() }),
        }),
    ]),
    users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});
const board = z.tuple([
    z.object({
        services: z.tuple([
            z.object({
                ready: z.int(),
                wanted: z.int(),
                image: z.string(),
                restarts: z.int(),
                since: z.string(),
                isCurrent: z.literal(true),
                cpu: z.object({ used: z.int(), isThrottled: z.literal(false) }).optional(),
            }),
        ]),
        notes: z.array(z.string()),
    }),
]);

describe("the operations of a stack with a service on a cluster", () => {
    let folder: string;
    let cluster: Cluster;
    let project: Project;
    let image: string;
    let kubeconfig: string;
    let current: Change = { replicas: { min: 2, max: 2 } };
    /** The output of all previews and ups, those with the engine's logs included. */
    let printed = "";
    const cleanUps: (() => unknown)[] = [];

    before(async function () {
        if (!hasCluster()) this.skip();
        folder = temporary("cluster");
        cleanUps.push(() => {
            rmSync(folder, { recursive: true });
        });
        await buildSmallImage(tag, "from the pod\n");
        cleanUps.push(() => run("docker", ["rmi", tag]));
        cluster = await startCluster(folder);
        cleanUps.push(() => cluster.stop());
        image = await cluster.loadImage(tag);
        kubeconfig = join(folder, "account-of-digits");
        await createAccounts(cluster, [namespace], kubeconfig);
        project = await projectOf();
    });
    after(async () => {
        for (const cleanUp of cleanUps.reverse()) await cleanUp();
    });

    async function projectOf(): Promise<Project> {
        const created = await createProject(cluster, { kubeconfig, context: namespace });
        cleanUps.push(() => {
            created.remove();
        });
        created.program(program());
        return created;
    }

    const program = (): string => `
        import * as pulumi from "@pulumi/pulumi";
        import { ClusterService } from "./components/clusterService.ts";
        import { exportOutputs } from "./contract/outputs.ts";
        const { env, ...change } = ${JSON.stringify(current)};
        const image = "${image}";
        const service = new ClusterService("digits", {
            image,
            version: "1.0.0",
            namespace: "${namespace}",
            port: 8080,
            healthPath: "/static/answer",
            container: { user: "10001" },
            resources: { cpu: "20m", memory: "64Mi" },
            healthTimeout: 60,
            drain: 1,
            env: { TOKEN: pulumi.secret("hunter2"), ...env },
            expose: { kind: "route" },
            ...change,
        });
        export default exportOutputs({
            kind: "published",
            version: "1.0.0",
            image,
            digest: image.split("@")[1],
            tags: ["1.0.0"],
            repositoryUrl: "https://quay.example/repository/acme/digits",
            pullCommand: "docker pull",
            runCommand: "docker run",
            robotUsername: "acme+digits",
            workflow: "https://github.example/acme/digits",
            namespace: service.namespace,
            serviceUrl: service.serviceUrl,
        });`;

    function change(changed: Change): void {
        current = { ...current, ...changed };
        project.program(program());
    }

    async function succeed(running: Promise<Result>): Promise<Result> {
        const result = await running;
        printed += result.output;
        equal(result.failed, false, result.output);
        return result;
    }

    /** Runs a program of operations/, which has to succeed. @returns what it printed */
    async function operation(name: string, ...options: string[]): Promise<string> {
        const running = project.start("node", `operations/${name}.ts`, ...options, "local");
        equal(await running.ended, 0, running.output);
        printed += running.output;
        return running.output;
    }

    const kubectl = async (...args: string[]): Promise<string> =>
        cluster.kubectl(["--namespace", namespace, ...args]);

    const unchanged = async (): Promise<void> => {
        const { changes, output } = await succeed(project.preview());
        deepEqual(Object.keys(changes), ["same"], output);
    };

    async function readBoard() {
        return board.parse(JSON.parse(await operation("board/main", "--json")))[0];
    }

    it("show what runs, and its logs", async () => {
        await succeed(project.up());
        const { services, notes } = await readBoard();
        const [{ ready, wanted, image: runs, restarts }] = services;
        deepEqual([ready, wanted, runs, restarts], [2, 2, image, 0]);
        deepEqual(
            notes.filter((note) => note.startsWith("cluster")),
            [],
        );
        const lines = (await operation("logs")).trim().split("\n");
        const pods = new Set(lines.map((line) => /^\[pod\/(\S+)\/service\] /.exec(line)?.[1]));
        equal(pods.size, 2, lines.join("\n"));
        match(lines.join("\n"), /Starting to serve/);
    });

    it("name who changed a field by hand, and what was deleted", async () => {
        await kubectl("scale", "deployment", deployment, "--replicas=3");
        await kubectl("set", "image", "deployment", deployment, `service=${tag}`);
        await kubectl("delete", "service", deployment);
        const refreshed = await operation("refresh");
        match(refreshed, /Deployment digits-local: spec\.replicas, by kubectl scale/);
        match(refreshed, /spec\.template\.spec\.containers\[service\]\.image, by kubectl set, 20/);
        match(refreshed, /Service digits-local: deleted\./);
        const { changes, output } = await succeed(project.preview());
        deepEqual({ ...changes, same: 0 }, { same: 0, create: 1, update: 1 }, output);
        match(output, /replicas *: 3 => 2/);
        match(output, /image *: ".*:1" => ".*@sha256:/);
        await succeed(project.up());
        await unchanged();
    });

    it("show no difference for what an autoscaler, a router and the cluster set", async () => {
        change({ replicas: { min: 2, max: 4 } });
        await succeed(project.up());
        await kubectl("scale", "deployment", deployment, "--replicas=3");
        const host = JSON.stringify({ spec: { host: "digits-by-the-router.example" } });
        await kubectl("patch", "route", deployment, "--type=merge", `--patch=${host}`);
        await unchanged();
        equal((await operation("refresh")).includes("Changed on the cluster"), false);
        await unchanged();
    });

    it("have nothing of the kubeconfig in the state, a difference or a log", async () => {
        const content = readFileSync(kubeconfig, "utf8");
        const { clusters, users } = kubeconfigForm.parse(JSON.parse(content));
        const [{ cluster: access }] = clusters;
        change({ env: { MODE: "fast" } });
        await succeed(project.preview());
        equal(printed.includes("hunter2"), false, "the output has the secret variable");
        await succeed(project.up(["--logtostderr", "--verbose", "9"]));
        const exported = project.start("pulumi", "stack", "export", "--show-secrets");
        equal(await exported.ended, 0, exported.output);
        for (const secret of [
            users[0].user.token,
            access.server,
            access["certificate-authority"],
            kubeconfig,
        ]) {
            equal(exported.output.includes(secret), false, `the state has ${secret}`);
            equal(printed.includes(secret), false, `the output has ${secret}`);
        }
    });

    describe("without the cluster", () => {
        before(() => {
            project.setEnvironment("KUBECONFIG", join(folder, "missing"));
            change({ env: { MODE: "slow" } });
        });
        after(() => {
            project.setEnvironment("KUBECONFIG", kubeconfig);
            change({ env: { MODE: "fast" } });
        });

        it("show the exact difference, and warn once that the cluster was not asked", async () => {
            const { changes, output } = await succeed(project.preview());
            equal(changes["update"], 1, output);
            deepEqual(Object.keys(changes).sort(), ["same", "update"]);
            match(output, /value: "fast" => "slow"/);
            equal(output.match(/The cluster was not asked/g)?.length, 1, output);
        });

        it("fail an up before anything is changed", async () => {
            const before = await kubectl("get", "deployment", deployment, "--output=json");
            const { failed, output } = await project.up();
            equal(failed, true, output);
            match(output, /The cluster was not asked: .*\n? *Log in to it, and run `up` again\./);
            equal(await kubectl("get", "deployment", deployment, "--output=json"), before);
        });
    });

    describe("where objects of the same names are there", () => {
        let other: Project;
        before(async () => {
            other = await projectOf();
            const file = join(other.folder, "Pulumi.yaml");
            writeFileSync(file, readFileSync(file, "utf8").replace("name: mlops", "name: shop"));
            const created = other.start("pulumi", "stack", "init", "local", "--non-interactive");
            equal(await created.ended, 0, created.output);
        });
        const uids = async (): Promise<string> =>
            kubectl("get", kinds, "--output=jsonpath={.items[*].metadata.uid}");

        it("refuse those of another stack, whose destroy deletes nothing of them", async () => {
            const before = await uids();
            const { failed, output } = await other.up();
            equal(failed, true, output);
            match(
                output,
                /These objects exist in digits \(digits\), and this stack did not make them/,
            );
            match(output, /^ *Deployment digits-local, which mlops-local owns$/m);
            await succeed(other.destroy());
            equal(await uids(), before);
        });

        it("import what was made by hand with the command that a preview prints", async () => {
            await kubectl("label", "service", deployment, "mlops/owner-");
            const { failed, output } = await project.preview();
            equal(failed, true, output);
            match(output, /^ *Service digits-local$/m);
            const [command = ""] = /kubectl \S+ .* label .*$/m.exec(output) ?? [];
            const importing = project.start("sh", "-c", command);
            equal(await importing.ended, 0, importing.output);
            await unchanged();
        });
    });

    describe("after an up was killed", () => {
        it("recover what it was making", async () => {
            project.editState(({ checkpoint: { latest } }) => {
                const isMade = ({ type }: { type: string }): boolean =>
                    type.endsWith(":NetworkPolicy");
                const made = latest.resources.filter(isMade);
                equal(made.length, 1);
                latest.resources = latest.resources.filter((resource) => !isMade(resource));
                latest.pending_operations = made.map((resource) => ({
                    type: "creating",
                    resource,
                }));
            });
            const recovered = await operation("recover");
            match(recovered, /NetworkPolicy digits: exists, and is in the state/);
            await unchanged();
            change({ egress: [{ cidr: "10.0.0.0/8" }] });
            await succeed(project.up());
        });
    });

    describe("at the end", () => {
        it("show the CPU use once the cluster has measured it", async () => {
            await until(
                async () => (await readBoard()).services[0].cpu !== undefined,
                "a CPU use on the board",
            );
        });

        it("leave nothing when they are down, and wait until it is gone", async () => {
            const output = await operation("down");
            match(output, /Waiting until the pods of digits-local have stopped\./);
            const all = await kubectl("get", `${kinds},pods,replicasets`, "--output=name");
            equal(all.trim(), "serviceaccount/default\nserviceaccount/deployer");
        });
    });
});
