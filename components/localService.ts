import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { findHealthProblem, findPortProblem, ownerLabel } from "../docker/engine.ts";
import { failOn } from "./failOn.ts";

export interface LocalServiceArgs {
    /** The image to run: its id, or any name that the Docker engine knows. It has a HEALTHCHECK and a user that is not root. */
    readonly image: pulumi.Input<string>;
    /** The Docker network that the container joins, by name. */
    readonly network: pulumi.Input<string>;
    /** The name that other containers of the network know it by. Default: only its generated name. */
    readonly alias?: string;
    /**
     * The port on this machine (loopback only), the port in the container that it leads to, and the configuration key that the error about a
     * taken port names. Default: none is published.
     */
    readonly port?: {
        readonly host: number;
        readonly container: number;
        readonly setting?: string;
    };
    /** Environment variables. A secret stays one: in the state, in diffs and in logs. */
    readonly env?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Memory limit in MiB, without swap. Default: 512. */
    readonly memory?: number;
    /** CPU limit, in cores. Default: 1. */
    readonly cpus?: number;
    /** How long the container may take to become healthy, in seconds. Default: 60. */
    readonly healthTimeout?: number;
}

/**
 * A container on this machine's Docker engine that is healthy, or `up` fails: with the end of its output and what to look at. Its root
 * file system is read-only but for /tmp (64 MiB of memory), it has no Linux capability and can gain none, its memory, CPU and logs are
 * bounded, and it comes back after a restart of the engine.
 */
export class LocalService extends pulumi.ComponentResource {
    /** The container's name, as in `docker logs NAME`. */
    declare readonly containerName: pulumi.Output<string>;
    /** `http://localhost:PORT`, known once the service is healthy; undefined where no port is published. */
    declare readonly serviceUrl: pulumi.Output<string | undefined>;

    constructor(name: string, args: LocalServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:LocalService", name, {}, opts);
        const { port, memory = 512, cpus = 1, healthTimeout = 60 } = args;
        const owner = `${pulumi.getProject()}/${pulumi.getStack()}/${name}`;
        const portProblem = inUp(async () =>
            port === undefined ? undefined : findPortProblem(port.host, owner, port.setting),
        );
        const container = new docker.Container(
            name,
            {
                image: pulumi.all([args.image, failOn(portProblem)]).apply(([image]) => image),
                labels: [{ label: ownerLabel, value: owner }],
                networksAdvanced: [
                    {
                        name: args.network,
                        ...(args.alias === undefined ? {} : { aliases: [args.alias] }),
                    },
                ],
                ports:
                    port === undefined
                        ? []
                        : [{ internal: port.container, external: port.host, ip: "127.0.0.1" }],
                envs: pulumi.output(args.env ?? {}).apply((env) =>
                    Object.entries(env)
                        .map(([key, value]) => `${key}=${value}`)
                        .sort(),
                ),
                init: true,
                restart: "unless-stopped",
                memory,
                memorySwap: memory,
                cpus: Number.isInteger(cpus) ? cpus.toFixed(1) : String(cpus), // as the engine says it back: no diff at a refresh
                readOnly: true,
                tmpfs: { "/tmp": "size=64m,mode=1777,nosuid,nodev,noexec" },
                capabilities: { drops: ["ALL"] },
                securityOpts: ["no-new-privileges:true"],
                logDriver: "json-file",
                logOpts: { "max-size": "10m", "max-file": "3" },
            },
            { parent: this, deleteBeforeReplace: true }, // two containers cannot publish one port
        );
        // Not the provider's own `wait`: that holds only at creation, leaves a container that the next `up` takes for a good one, and
        // does not say what went wrong.
        const healthProblem = container.id.apply((id) =>
            inUp(() => findHealthProblem(id.slice(0, 12), healthTimeout)),
        );
        this.containerName = container.name;
        this.serviceUrl = failOn(healthProblem).apply(() =>
            port === undefined ? undefined : `http://localhost:${String(port.host)}`,
        );
        this.registerOutputs({ containerName: this.containerName, serviceUrl: this.serviceUrl });
    }
}

/** Looks at something on this machine in `up` alone: a preview asks the Docker engine nothing, and needs none. */
function inUp(look: () => Promise<string | undefined>): pulumi.Output<string | undefined> {
    return pulumi.output(pulumi.runtime.isDryRun() ? undefined : look());
}
