/**
 * A service on the sandbox's cluster, compared with a plain program of the same objects, and with
 * `kubectl apply` and `kubectl rollout status`.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Cluster, startCluster } from "../sandbox/cluster/cluster.ts";
import { environmentFor, settingsFor } from "../sandbox/cluster/project.ts";
import { buildSmallImage } from "../sandbox/cluster/smallImage.ts";
import { measure, type Measurement, run } from "./measure.ts";
import { ownStartup, PulumiProject } from "./pulumiProject.ts";

/** A command on the cluster. */
export interface ClusterRun {
    readonly step: "first up" | "preview";
    readonly program: ClusterProgram;
    readonly measured: Measurement;
}

const clusterPrograms = ["components", "plain Pulumi", "kubectl"] as const;
export type ClusterProgram = (typeof clusterPrograms)[number];

/** The name of the service's objects. */
const name = "web-bench";
const kinds = [
    "ServiceAccount",
    "Service",
    "Deployment",
    "NetworkPolicy",
    "PodDisruptionBudget",
] as const;

const objectList = z.object({
    items: z.array(
        z.object({
            kind: z.enum(kinds),
            apiVersion: z.string(),
            metadata: z.object({
                name: z.string(),
                labels: z.record(z.string(), z.string()).default({}),
            }),
            automountServiceAccountToken: z.boolean().optional(),
            spec: z.record(z.string(), z.unknown()).optional(),
        }),
    ),
});
type KubernetesObject = z.output<typeof objectList>["items"][number];

/**
 * Measures the first `up` in every round, each in a namespace of its own, and then as many previews
 * without changes.
 */
export async function measureCluster(
    rounds: number,
    done: (run: ClusterRun) => void,
): Promise<void> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlops-bench-")));
    const tag = `bench-cluster-${String(process.pid)}:1`;
    let cluster: Cluster | undefined;
    try {
        await buildSmallImage(tag, "ready");
        cluster = await startCluster(folder);
        await measureOn({ cluster, folder, image: await cluster.loadImage(tag) }, rounds, done);
    } finally {
        await cluster?.stop();
        await run({ command: ["docker", "rmi", "--force", tag], folder: "/", environment: {} });
        rmSync(folder, { recursive: true });
    }
}

interface Place {
    readonly cluster: Cluster;
    readonly folder: string;
    readonly image: string;
}

async function measureOn(
    place: Place,
    rounds: number,
    done: (run: ClusterRun) => void,
): Promise<void> {
    const model = await ownProject(place, "model");
    await run(model.command("up", "--yes", "--skip-preview"));
    const objects = await objectsIn(place.cluster, "model");

    let last: readonly [PulumiProject, PulumiProject] | undefined;
    for (let round = 0; round < rounds; round++) {
        const id = String(round);
        const own = await ownProject(place, `own-${id}`);
        const plain = await plainProject(place, `plain-${id}`, objects);
        const commands = {
            components: own.command("up", "--yes", "--skip-preview"),
            "plain Pulumi": plain.command("up", "--yes", "--skip-preview"),
            kubectl: await applyCommand(place, `kubectl-${id}`, objects),
        };
        const order = round % 2 === 0 ? clusterPrograms : clusterPrograms.toReversed();
        for (const program of order)
            done({ step: "first up", program, measured: await measure(commands[program]) });
        last = [own, plain];
    }
    for (let round = 0; round < rounds && last !== undefined; round++) {
        const [own, plain] = last.map((project) =>
            project.command("preview", "--expect-no-changes"),
        );
        if (own === undefined || plain === undefined) continue;
        done({ step: "preview", program: "components", measured: await measure(own) });
        done({ step: "preview", program: "plain Pulumi", measured: await measure(plain) });
    }
}

async function ownProject(place: Place, namespace: string): Promise<PulumiProject> {
    const config = { image: place.image, namespace };
    return project(place, namespace, "components/cluster.ts", config, ownStartup);
}

async function plainProject(
    place: Place,
    namespace: string,
    objects: readonly KubernetesObject[],
): Promise<PulumiProject> {
    const config = Object.fromEntries(
        objects.map((object) => [object.kind, inNamespace(object, namespace)]),
    );
    return project(place, namespace, "plain/cluster.ts", config, "");
}

/** Creates a project and its namespace. */
async function project(
    { cluster, folder }: Place,
    namespace: string,
    program: string,
    config: Readonly<Record<string, unknown>>,
    startup: string,
): Promise<PulumiProject> {
    await cluster.kubectl(["create", "namespace", namespace]);
    const settings = { ...config, ...settingsFor(cluster.context) };
    const environment = environmentFor(cluster);
    return PulumiProject.create(join(folder, namespace), program, settings, environment, startup);
}

async function applyCommand(
    { cluster, folder }: Place,
    namespace: string,
    objects: readonly KubernetesObject[],
) {
    await cluster.kubectl(["create", "namespace", namespace]);
    const file = `${namespace}.json`;
    const items = objects.map((object) => inNamespace(object, namespace));
    writeFileSync(join(folder, file), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    const status = `kubectl rollout status deployment ${name} --namespace ${namespace}`;
    const command = ["sh", "-ec", `kubectl apply --filename ${file}; ${status}`];
    return { command, folder, environment: environmentFor(cluster) };
}

/** Reads what the component has made, without what the cluster and Pulumi add. */
async function objectsIn(cluster: Cluster, namespace: string): Promise<KubernetesObject[]> {
    const resources = kinds.map((kind) => `${kind.toLowerCase()}/${name}`);
    const json = await cluster.kubectl([
        "get",
        ...resources,
        "--namespace",
        namespace,
        "--output=json",
    ]);
    return objectList.parse(JSON.parse(json)).items.map(({ spec, ...object }) => {
        if (spec === undefined) return object;
        // The addresses of a Service are not free while it is there.
        const own = Object.entries(spec).filter(([key]) => !key.startsWith("clusterIP"));
        return { ...object, spec: Object.fromEntries(own) };
    });
}

const inNamespace = (object: KubernetesObject, namespace: string): object => ({
    ...object,
    metadata: { ...object.metadata, namespace },
});
