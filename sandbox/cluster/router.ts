/** A stand-in for OpenShift's router, a program of the sandbox's node. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { setDefaultCACertificates } from "node:tls";
import { z } from "zod";
import { runCommand } from "../../operations/commandLine.ts";
import { changedStatus, judge, route, type Route } from "./routes.ts";

const usage = `Admits the Routes of a cluster, and takes requests to them over plain HTTP.

  node sandbox/cluster/router.ts KUBECONFIG ADDRESS

  KUBECONFIG   the path of an administrator's kubeconfig, as cluster.ts writes it
  ADDRESS      the address that it listens on, port 80; a request's Host names the Route
  --help       this text`;

/** How often the cluster is asked, in milliseconds. */
const interval = 200;

const kubeconfig = z.object({
    clusters: z.tuple([
        z.object({
            cluster: z.object({ server: z.string(), "certificate-authority": z.string() }),
        }),
    ]),
    users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});
/** Returns the schema of a list that the API server leaves out, or null, where it is empty. */
const listOf = <T>(schema: z.ZodType<T>) =>
    z
        .array(schema)
        .nullish()
        .transform((found) => found ?? []);

/** The pods of a Service: of several ports, the one that a Route names is used. */
const slice = z.object({
    metadata: z.object({
        namespace: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
    }),
    endpoints: listOf(
        z.object({
            addresses: z.array(z.string()),
            conditions: z.object({ ready: z.boolean().nullish() }).prefault({}),
        }),
    ),
    ports: listOf(z.object({ name: z.string().default(""), port: z.number() })),
});
type Slice = z.output<typeof slice>;

/** Calls the API server. @throws Error where it does not answer with a success */
type Api = (path: string, patch?: object) => Promise<Response>;

function connect(file: string): Api {
    const { clusters, users } = kubeconfig.parse(JSON.parse(readFileSync(file, "utf8")));
    const [{ cluster }] = clusters;
    const [{ user }] = users;
    setDefaultCACertificates([readFileSync(cluster["certificate-authority"], "utf8")]);
    return async (path, patch) => {
        const headers = {
            authorization: `Bearer ${user.token}`,
            "content-type": "application/merge-patch+json",
        };
        const response = await fetch(cluster.server + path, {
            headers,
            ...(patch !== undefined && { method: "PATCH", body: JSON.stringify(patch) }),
        });
        if (!response.ok) throw new Error(`${path}: ${String(response.status)}`);
        return response;
    };
}

/** Lists all objects of a kind. */
async function list<T>(api: Api, path: string, schema: z.ZodType<T>): Promise<readonly T[]> {
    const found: unknown = await (await api(path)).json();
    return z.object({ items: z.array(schema) }).parse(found).items;
}

/** Writes what the router says of each Route into its status. */
async function publish(api: Api, routes: readonly Route[]): Promise<void> {
    for (const verdict of judge(routes)) {
        const status = changedStatus(verdict);
        const { name, namespace } = verdict.route.metadata;
        const path = `/apis/route.openshift.io/v1/namespaces/${namespace}/routes/${name}/status`;
        // A Route that was deleted in the meantime cannot be patched, and need not be.
        if (status !== undefined) await api(path, { status }).catch(() => undefined);
    }
}

/** Returns a pod that a request to a host goes to; undefined where no Route leads to one. */
function targetOf(
    host: string,
    routes: readonly Route[],
    slices: readonly Slice[],
): { readonly host: string; readonly port: number } | undefined {
    const admitted = judge(routes).find(
        ({ route: { spec }, message }) => spec.host === host && message === undefined,
    )?.route;
    if (admitted === undefined) return undefined;
    const { metadata, spec } = admitted;
    const wanted = spec.port?.targetPort;
    const targets = slices
        .filter((one) => one.metadata.namespace === metadata.namespace)
        .filter((one) => one.metadata.labels["kubernetes.io/service-name"] === spec.to.name)
        .flatMap(({ endpoints, ports }) => {
            const port = ports.find(
                ({ name, port }) => wanted === undefined || wanted === name || wanted === port,
            );
            if (port === undefined) return [];
            return endpoints
                .filter(({ conditions }) => conditions.ready !== false)
                .flatMap(({ addresses }) => addresses.map((host) => ({ host, port: port.port })));
        });
    return targets[Math.floor(Math.random() * targets.length)];
}

/** Sends a request on, over a connection of its own: an open one may lead to a pod that ended. */
function forward(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    target: ReturnType<typeof targetOf>,
): void {
    const refuse = (): void => {
        if (outgoing.headersSent) outgoing.destroy();
        else outgoing.writeHead(503).end("Application is not available\n");
    };
    if (target === undefined) {
        refuse();
        return;
    }
    const { method, url: path, headers } = incoming;
    const sent = request({ ...target, method, path, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
    });
    sent.on("error", refuse);
    incoming.pipe(sent);
}

await runCommand(
    { usage, options: {}, arguments: [2, 2] },
    async (_, [file = "", address = ""]) => {
        const api = connect(file);
        let routes: readonly Route[] = [];
        let slices: readonly Slice[] = [];
        const server = createServer((incoming, outgoing) => {
            const [host = ""] = (incoming.headers.host ?? "").split(":");
            forward(incoming, outgoing, targetOf(host, routes, slices));
        });
        await once(server.listen(80, address), "listening");
        for (;;) {
            routes = await list(api, "/apis/route.openshift.io/v1/routes", route);
            slices = await list(api, "/apis/discovery.k8s.io/v1/endpointslices", slice);
            await publish(api, routes);
            await delay(interval);
        }
    },
);
