import { execFile, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { UserError } from "../../components/messages/userError.ts";
import { cacheFolder } from "../../toolchain/cacheFolder.ts";
import { relay } from "./relay.ts";

/** How a cluster is started. */
export interface ClusterOptions {
    /**
     * Registries of this machine. The key is the registry in an image's name, `quay.example` or
     * `127.0.0.1:5000`. The value is the URL of a server that listens on 127.0.0.1:
     * `http://127.0.0.1:5000`. The node reaches the server at the same URL. Default: none.
     */
    readonly registries?: Readonly<Record<string, string>>;
    /** The deadline for the node. A start takes about 20 s on two quiet cores. Default: 240. */
    readonly seconds?: number;
}

/** A running cluster of one node, with metrics-server, OpenShift's Routes and a router. */
export interface Cluster {
    /** The path of a kubeconfig file whose user may do everything. */
    readonly kubeconfig: string;
    /** The context's name in the kubeconfig, which is the current one. */
    readonly context: string;
    /** This machine's address for the node and its pods. */
    readonly hostIp: string;
    /** The folder of kubectl. */
    readonly bin: string;
    /**
     * The node's address, for this machine alone. A Service's NodePort answers there, and at port
     * 80 the router: over plain HTTP, for the host of a Route.
     */
    readonly nodeIp: string;
    /**
     * Runs kubectl with the kubeconfig, and returns what it prints.
     *
     * @param input standard input. Default: none.
     */
    kubectl(args: readonly string[], input?: string): Promise<string>;
    /**
     * Copies an image of this machine's Docker engine to the node, by its tag. A pod that names it
     * needs an `imagePullPolicy` other than `Always`.
     *
     * @param tag `NAME:TAG`, without a registry.
     * @returns the image by its digest, as if it had been pulled so: `NAME@sha256:…`.
     */
    loadImage(tag: string): Promise<string>;
    /** Returns the last lines of each program's log. */
    logs(): string;
    /** Ends the cluster, and removes all of it but the logs. */
    stop(): Promise<void>;
}

const programs = join(cacheFolder(), "cluster");
const script = join(import.meta.dirname, "run.sh");
const run = promisify(execFile);

/**
 * Returns whether this process can start a cluster: as root, with the programs that it needs. True
 * where MLOPS_CLUSTER is `required`: a start then says what is missing.
 */
export function hasCluster(): boolean {
    const isRequired = process.env["MLOPS_CLUSTER"] === "required";
    return isRequired || (existsSync(programs) && process.getuid?.() === 0);
}

/**
 * Starts etcd, the programs of Kubernetes and containerd, which `toolchain/setup.sh cluster`
 * builds, and waits until the node is ready. They run as root in namespaces of their own
 * (`run.sh`), and end with this process at the latest.
 *
 * @param folder an empty folder of the caller, for the cluster's files. A program's log stays there
 * as `PROGRAM.log`.
 * @throws UserError where the programs are missing.
 * @throws Error with the ends of the logs if the node is not ready in time.
 */
export async function startCluster(
    folder: string,
    { registries = {}, seconds = 240 }: ClusterOptions = {},
): Promise<Cluster> {
    if (!existsSync(programs))
        throw new UserError(`${programs} is missing. Build it: toolchain/setup.sh cluster`);
    const name = `mlops-${randomBytes(4).toString("hex")}`;
    const { host, node } = network();
    const kubeconfig = writeAccess(folder, name, node);

    writeRegistries(folder, registries);
    const ports = [...new Set(Object.values(registries).map((url) => Number(new URL(url).port)))];
    const closeRelays = await Promise.all(
        ports.map((port) =>
            relay({ path: join(folder, `${String(port)}.sock`) }, { host: "127.0.0.1", port }),
        ),
    );
    const child = spawn(script, [folder, name, host, node, ports.join(" ")], {
        stdio: ["pipe", "pipe", "pipe"],
        // Ctrl-C of a terminal ends this process alone; the end of the pipe, the cluster.
        detached: true,
    });
    const ended = once(child, "close");
    let output = "";
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const stop = async (): Promise<void> => {
        child.stdin.end();
        await ended;
        for (const close of closeRelays) close();
    };
    const kubectl = async (args: readonly string[], input = ""): Promise<string> => {
        const command = run(join(programs, "bin/kubectl"), ["--kubeconfig", kubeconfig, ...args]);
        // A kubectl that ends before it reads its input says why itself.
        command.child.stdin?.on("error", () => undefined).end(input);
        return (await command).stdout;
    };
    const isReady = async (): Promise<boolean> => {
        if (child.exitCode !== null) throw new Error("run.sh has ended");
        try {
            await kubectl(["get", "serviceaccount", "default"]);
            await kubectl(["get", "--raw", "/apis/metrics.k8s.io/v1beta1"]);
            await fetch(`http://${node}`);
            const host = ["create", "--dry-run=server", "--output=jsonpath={.spec.host}"];
            if ((await kubectl([...host, "--filename=-"], someRoute)) === "") return false;
            return (await kubectl(["get", "node", "node", "--output", readyCondition])) === "True";
        } catch {
            return false;
        }
    };
    const loadImage = async (tag: string): Promise<string> => {
        const socket = join(folder, "data/containerd.sock");
        const ctr = join(programs, "usr/bin/ctr");
        await run("sh", ["-c", copyImage, "sh", tag, ctr, socket]);
        const images = async (...args: string[]): Promise<string> => {
            const place = ["--address", socket, "--namespace", "k8s.io", "images"];
            return (await run(ctr, [...place, ...args])).stdout;
        };
        const name = `docker.io/library/${tag}`;
        const [digest = ""] = /sha256:[0-9a-f]{64}/.exec(await images("ls", `name==${name}`)) ?? [];
        const byDigest = `${name.replace(/:[^:]*$/, "")}@${digest}`;
        await images("tag", "--force", name, byDigest);
        return byDigest;
    };
    try {
        await until(isReady, seconds);
    } catch (error) {
        await stop();
        throw new Error(`The cluster is not ready: ${output}\n${ends(folder)}`, { cause: error });
    }
    const bin = join(programs, "bin");
    const logs = (): string => ends(folder);
    const place = { kubeconfig, context: name, hostIp: host, bin, nodeIp: node };
    return { ...place, kubectl, loadImage, logs, stop };
}

const readyCondition = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';

/** A Route without a host, which the cluster gives it. */
const someRoute = JSON.stringify({
    apiVersion: "route.openshift.io/v1",
    kind: "Route",
    metadata: { name: "some" },
    spec: { to: { kind: "Service", name: "some" } },
});

/** Fails if the image is not there, although the last command of a pipe alone has a status. */
const copyImage = `docker image inspect "$1" >/dev/null &&
    docker save "$1" | "$2" --address "$3" --namespace k8s.io images import -`;

/**
 * Returns one of the 32,768 networks of four addresses in 198.18.0.0/15, which is reserved for
 * tests of network devices (RFC 2544): clusters on one machine need different ones.
 */
function network(): { host: string; node: string } {
    const first = randomInt(2 ** 15) * 4;
    const address = (index: number): string => {
        const offset = first + index;
        return [198, 18 + (offset >> 16), (offset >> 8) & 255, offset & 255].join(".");
    };
    return { host: address(1), node: address(2) };
}

/**
 * Writes an administrator's token and kubeconfig, and the key that signs the tokens of service
 * accounts. The API server writes the certificate when it starts.
 */
function writeAccess(folder: string, name: string, node: string): string {
    const token = randomBytes(32).toString("hex");
    const secret = { mode: 0o600 };
    writeFileSync(join(folder, "tokens.csv"), `${token},admin,admin,system:masters\n`, secret);
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(join(folder, "service-accounts.pem"), key, secret);
    mkdirSync(join(folder, "certificates"));
    const kubeconfig = join(folder, "kubeconfig");
    const content = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [
            {
                name,
                cluster: {
                    server: `https://${node}:6443`,
                    "certificate-authority": join(folder, "certificates/apiserver.crt"),
                },
            },
        ],
        users: [{ name, user: { token } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        "current-context": name,
    };
    writeFileSync(kubeconfig, JSON.stringify(content), secret);
    return kubeconfig;
}

async function until(condition: () => Promise<boolean>, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await condition())) {
        if (Date.now() > deadline) throw new Error(`Not within ${String(seconds)} s`);
        await setTimeout(200);
    }
}

/** Writes where containerd gets the images of each registry from. */
function writeRegistries(folder: string, registries: Readonly<Record<string, string>>): void {
    for (const [registry, url] of Object.entries(registries)) {
        const hosts = join(folder, "registries", registry);
        mkdirSync(hosts, { recursive: true });
        writeFileSync(join(hosts, "hosts.toml"), `server = "${url}"\n[host."${url}"]\n`);
    }
}

function ends(folder: string): string {
    return readdirSync(folder)
        .filter((file) => file.endsWith(".log"))
        .map((file) => {
            const lines = readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
            return [`== ${file}`, ...lines.slice(-5)].join("\n");
        })
        .join("\n");
}
