import { equal } from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { type Cluster, startCluster } from "../../sandbox/cluster/cluster.ts";
import { cacheFolder } from "../../sandbox/cacheFolder.ts";
import { run, temporary } from "../../sandbox/project.ts";
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
    let folder: string;

    before(function () {
        // The set-up leaves it out where it cannot be made.
        if (!existsSync(join(cacheFolder(), "cluster"))) this.skip();
    });
    beforeEach(() => {
        folder = temporary("cluster");
    });
    afterEach(() => {
        rmSync(folder, { recursive: true });
    });

    it("runs an image of this machine's engine, which answers at a port of the node", async () => {
        const cluster: Cluster = await startCluster(folder);
        try {
            // A small server without any other files: kubectl answers with those of a folder.
            const context = temporary("context");
            copyFileSync(join(cacheFolder(), "cluster/bin/kubectl"), join(context, "kubectl"));
            writeFileSync(join(context, "answer"), "from the pod\n");
            writeFileSync(
                join(context, "Dockerfile"),
                `FROM scratch
                COPY kubectl /
                COPY answer /www/
                ENTRYPOINT ["/kubectl", "proxy", "--server=http://127.0.0.1", "--address=0.0.0.0", \\
                    "--port=8080", "--accept-hosts=.*", "--www=/www"]`,
            );
            await run("docker", ["build", "--quiet", "--tag", image, context]);
            rmSync(context, { recursive: true });
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
        } finally {
            await cluster.stop();
        }
        equal(remains(folder, cluster.context).join("\n"), "");
    });

    it("ends with the process that started it", async () => {
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
    });
});
