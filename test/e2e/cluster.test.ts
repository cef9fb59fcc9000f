import { equal, match, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { type Cluster, hasCluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { buildSmallImage } from "../../sandbox/cluster/smallImage.ts";
import { cacheFolder } from "../../toolchain/cacheFolder.ts";
import { run, temporary } from "../../sandbox/project.ts";
import { type Quay, startQuay } from "../../sandbox/quay/server.ts";
import { basic, digestOf, imageType, Registry } from "../../sandbox/registryClient.ts";
import { askRouter } from "../router.ts";
import { until } from "../until.ts";

const image = `e2e-cluster-${String(process.pid)}:1`;
const nodePort = 30080;

/** A Deployment of the image, and a Service with a port of the node. */
const objects = {
    apiVersion: "v1",
    kind: "List",
    items: [
        {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "web" },
            spec: {
                selector: { matchLabels: { app: "web" } },
                template: {
                    metadata: { labels: { app: "web" } },
                    spec: { containers: [{ name: "web", image }] },
                },
            },
        },
        {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "web" },
            spec: {
                type: "NodePort",
                selector: { app: "web" },
                ports: [{ port: 8080, nodePort }],
            },
        },
    ],
};

/** Pushes the image of pause, a program that waits, to a private repository. @returns the digest */
async function pushPause(quay: Quay, repository: string, login: string): Promise<string> {
    const files = temporary("pause");
    await run("tar", ["-C", files, "-xf", join(cacheFolder(), "cluster/pause.tar")]);
    const registry = await Registry.login(quay, login, `${repository}:pull,push`);
    const blob = async (mediaType: string, name: string): Promise<object> => {
        const content = new Uint8Array(readFileSync(join(files, name)));
        const digest = await registry.blob(repository, content);
        return { mediaType, digest, size: content.length };
    };
    const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: imageType,
        config: await blob("application/vnd.oci.image.config.v1+json", "config.json"),
        layers: [await blob("application/vnd.oci.image.layer.v1.tar", "layer.tar")],
    });
    equal((await registry.manifest(repository, "1", manifest)).status, 201);
    rmSync(files, { recursive: true });
    return digestOf(manifest);
}

/** What a cluster has left on this machine. */
function remains(folder: string, name: string): string[] {
    return [
        ...Object.keys(networkInterfaces()).filter((candidate) => candidate === name),
        ...globSync(`/sys/fs/cgroup/{,*/}${name}`),
        ...globSync(join(folder, "data")),
        ...readFileSync("/proc/mounts", "utf8")
            .split("\n")
            .filter((mount) => mount.includes(folder)),
        ...globSync("/proc/[0-9]*/cmdline").filter((file) => commandLine(file).includes(folder)),
    ];
}

/** The command line of a process; empty if it has just ended. */
function commandLine(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return "";
    }
}

describe("the sandbox's cluster", () => {
    before(function () {
        // The set-up leaves it out where it cannot be made.
        if (!hasCluster()) this.skip();
    });

    describe("while it runs", () => {
        const registry = "quay.example";
        let folder: string;
        let quay: Quay;
        let cluster: Cluster;
        before(async () => {
            folder = temporary("cluster");
            quay = await startQuay();
            cluster = await startCluster(folder, { registries: { [registry]: quay.url } });
        });
        after(async () => {
            await quay.stop();
            await cluster.stop();
            rmSync(folder, { recursive: true });
        });

        /** Creates a Route to the Service above. @returns its host */
        async function expose(name: string, host?: string, namespace = "default") {
            const route = {
                apiVersion: "route.openshift.io/v1",
                kind: "Route",
                metadata: { name, namespace },
                spec: {
                    ...(host !== undefined && { host }),
                    to: { kind: "Service", name: "web" },
                    port: { targetPort: 8080 },
                },
            };
            const create = ["create", "--filename=-", "--output=jsonpath={.spec.host}"];
            return cluster.kubectl(create, JSON.stringify(route));
        }
        /** Waits until the router has said something of a Route. @returns what it said */
        async function verdict(name: string, wanted: string, namespace = "default") {
            const path = "{.status.ingress[*]['host','conditions']}";
            const get = ["get", "route", name, "--namespace", namespace];
            let found = "";
            await until(async () => {
                found = await cluster.kubectl([...get, `--output=jsonpath=${path}`]);
                return found.includes(`"status":"${wanted}"`);
            }, `a Route ${name} with Admitted=${wanted}`);
            return found;
        }

        it("runs an image of this machine's engine, which answers at a port of the node", async () => {
            await buildSmallImage(image, "from the pod\n");
            await cluster.loadImage(image);
            await run("docker", ["rmi", image]);

            await cluster.kubectl(["apply", "--filename", "-"], JSON.stringify(objects));
            const url = `http://${cluster.nodeIp}:${String(nodePort)}/static/answer`;
            let answer = "";
            await until(async () => {
                answer = await fetch(url).then(
                    (response) => response.text(),
                    () => "",
                );
                return answer !== "";
            }, `an answer at ${url}`);
            equal(answer, "from the pod\n");
        });

        it("picks a host where none is given, admits it, and has requests reach the pod", async () => {
            const host = await expose("web");
            equal(host, "web-default.apps.sandbox.example");
            match(await verdict("web", "True"), new RegExp(`^${host} .*"type":"Admitted"`));
            equal((await askRouter(cluster, host)).text, "from the pod\n");
            equal((await askRouter(cluster, "other.example")).status, 503);
        });

        it("refuses a host that an older Route has, until that one is gone", async () => {
            const host = "a.example";
            await expose("older", host);
            await verdict("older", "True");
            await cluster.kubectl(["create", "namespace", "other"]);
            // Of Routes of one second, the router cannot say which is older.
            await until(async () => {
                await expose("younger", host);
                const created = "jsonpath={.items[*].metadata.creationTimestamp}";
                const get = ["get", "route", "older", "younger", "--output", created];
                const [one = "", other = ""] = (await cluster.kubectl(get)).split(" ");
                if (one < other) return true;
                await cluster.kubectl(["delete", "route", "younger"]);
                return false;
            }, "a younger Route");
            await expose("elsewhere", host, "other");
            match(
                await verdict("younger", "False"),
                /"message":"route older already exposes a\.example and is older","reason":"HostAlreadyClaimed"/,
            );
            match(
                await verdict("elsewhere", "False", "other"),
                /"a route in another namespace holds a\.example and is older than elsewhere"/,
            );
            await cluster.kubectl(["delete", "namespace", "other"]);
            await cluster.kubectl(["delete", "route", "older"]);
            await verdict("younger", "True");
        });

        it("refuses another host, but for who may set it, and a name that is too long", async () => {
            const patch = ["patch", "route", "web", "--type=merge"];
            const change = [...patch, '--patch={"spec":{"host":"b.example"}}'];
            const account = "system:serviceaccount:default:default";
            await cluster.kubectl([
                ...["create", "rolebinding", "editor", "--serviceaccount=default:default"],
                "--role=editor",
            ]);
            await cluster.kubectl([
                ...["create", "role", "editor", "--resource=routes.route.openshift.io"],
                "--verb=get,patch",
            ]);
            await rejects(
                cluster.kubectl([...change, "--as", account]),
                /spec\.host: Invalid value: "b\.example": field is immutable/,
            );
            await cluster.kubectl(change);
            await rejects(
                expose("w".repeat(56)),
                /spec\.host: Invalid value: "w+-default\.apps.*should match/,
            );
        });

        it("pulls from a registry with a password, and only with the password", async () => {
            const repository = "mlops/pause";
            const password = quay.createUser("mlops");
            const digest = await pushPause(quay, repository, basic("mlops", password));
            const image = `${registry}/${repository}@${digest}`;
            await cluster.kubectl([
                ...["create", "secret", "docker-registry", "pull", "--docker-server", registry],
                ...["--docker-username", "mlops", "--docker-password", password],
            ]);
            const state = async (name: string, output: string): Promise<string> =>
                cluster.kubectl(["get", "pod", name, "--output", `jsonpath={${output}}`]);
            const start = async (name: string, spec: object): Promise<void> => {
                const containers = [{ name: "pause", image, imagePullPolicy: "Always" }];
                const pod = { apiVersion: "v1", kind: "Pod", metadata: { name } };
                const content = JSON.stringify({ ...pod, spec: { ...spec, containers } });
                await cluster.kubectl(["create", "--filename", "-"], content);
            };

            await start("with", { imagePullSecrets: [{ name: "pull" }] });
            await until(
                async () => (await state("with", ".status.phase")) === "Running",
                "a pod with the pull secret runs",
            );
            await start("without", {});
            const waiting = ".status.containerStatuses[0].state.waiting";
            await until(
                async () => (await state("without", `${waiting}.reason`)) === "ImagePullBackOff",
                "a pod without it does not",
            );
            match(await state("without", `${waiting}.message`), /401 Unauthorized/);
        });

        it("measures what its pods use", async () => {
            let usage = "";
            await until(
                async () => {
                    usage = await cluster
                        .kubectl(["top", "pod", "--no-headers", "--selector", "app=web"])
                        .catch(() => "");
                    return usage !== "";
                },
                "metrics of a pod",
                120,
            );
            match(usage, /^web-\S+ +\d+m +[1-9]\d*Mi *\n$/);
            match(await cluster.kubectl(["top", "node", "--no-headers"]), /^node +[1-9]\d*m /);
        });

        it("leaves nothing on this machine when it is stopped", async () => {
            await cluster.stop();
            equal(remains(folder, cluster.context).join("\n"), "");
        });
    });

    it("ends with the process that started it", async () => {
        const folder = temporary("cluster");
        const module = join(import.meta.dirname, "../../sandbox/cluster/cluster.ts");
        const program = `import { startCluster } from "${module}"; await startCluster("${folder}");`;
        const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
            stdio: "inherit",
        });
        const kubeconfig = join(folder, "kubeconfig");
        await until(() => existsSync(join(folder, "data/containerd.sock")), "a start of the node");
        const name = /"current-context":"(.+?)"/.exec(readFileSync(kubeconfig, "utf8"))?.[1] ?? "";
        equal(name in networkInterfaces(), true);
        parent.kill("SIGKILL");
        await until(() => remains(folder, name).length === 0, "the end of the cluster");
        rmSync(folder, { recursive: true });
    });
});
