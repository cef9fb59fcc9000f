import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
    askForHealth,
    findPortProblem,
    findWrittenFolders,
    ownerLabel,
    ownerOf,
} from "./docker/engine.ts";
import { containerArgs, type ContainerSettings, isStrict } from "./docker/serviceContainer.ts";
import { failOn, orFail } from "./failOn.ts";
import { UserError } from "./userError.ts";

export interface LocalServiceArgs {
    /** The image to run: its id, or any name that the Docker engine knows. */
    readonly image: pulumi.Input<string>;
    /** The Docker network that the container joins, by name. */
    readonly network: pulumi.Input<string>;
    /** The name that other containers of the network know it by. Default: only its generated name. */
    readonly alias?: string | undefined;
    /**
     * The port that the service listens on in its `container`, which it gets as PORT; the port of
     * this machine (`host`, loopback only) that leads there, if one is published; and the
     * configuration key that the error about a taken port names. Default: it has no port.
     */
    readonly port?:
        | {
              readonly container: number;
              readonly host?: number | undefined;
              readonly setting?: string | undefined;
          }
        | undefined;
    /** Environment variables. A secret stays one: in the state, in diffs and in logs. */
    readonly env?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /** How far the container is locked down, and what it needs all the same. Default: all the way. */
    readonly container?: ContainerSettings | undefined;
    /** Memory limit in MiB, without swap. Default: 512. */
    readonly memory?: number | undefined;
    /** CPU limit, in cores. Default: 1. */
    readonly cpus?: number | undefined;
    /**
     * The path that answers with a success once the service works. Default: the image's
     * HEALTHCHECK decides, and the port has to answer anything at all.
     */
    readonly healthPath?: string | undefined;
    /** How long the service may take to work, in seconds. Default: 180. */
    readonly healthTimeout?: number | undefined;
    /** The configuration key of `healthTimeout`, for the error's message. */
    readonly healthTimeoutSetting?: string | undefined;
}

/**
 * A container on this machine's Docker engine whose service works, or `up` fails: with the end of
 * its output and what to do. Its memory, CPU and logs are bounded, and it comes back after a
 * restart of the engine. Where it is not strict, a warning names the folders that it writes to.
 */
export class LocalService extends pulumi.ComponentResource {
    /** The container's name, as in `docker logs NAME`. */
    declare readonly containerName: pulumi.Output<string>;
    /** `http://localhost:PORT`, known once the service works; undefined where no port is published. */
    declare readonly serviceUrl: pulumi.Output<string | undefined>;

    constructor(name: string, args: LocalServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:LocalService", name, {}, opts);
        const { port, memory = 512, cpus = 1, healthTimeout = 180 } = args;
        const { container: settings = {} } = args;
        const host = port?.host;
        const owner = ownerOf(name);
        const portProblem = pulumi.output(
            pulumi.runtime.isDryRun() || host === undefined
                ? undefined
                : findPortProblem(host, owner, port?.setting),
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
                    port === undefined || host === undefined
                        ? []
                        : [{ internal: port.container, external: host, ip: "127.0.0.1" }],
                ...containerArgs({ ...args, port: port?.container }),
                restart: "unless-stopped",
                memory,
                memorySwap: memory,
                cpus: Number.isInteger(cpus) ? cpus.toFixed(1) : String(cpus), // as the engine says it back: no diff at a refresh
                logDriver: "json-file",
                logOpts: { "max-size": "10m", "max-file": "3" },
            },
            { parent: this, deleteBeforeReplace: true }, // two containers cannot publish one port
        );
        // Not the provider's own `wait`: that holds only at creation, leaves a container that the next `up` takes for a good one, and
        // does not say what went wrong.
        const working = container.id.apply((id) =>
            pulumi.runtime.isDryRun()
                ? undefined
                : orFail(
                      this.#untilItWorks(
                          {
                              container: id.slice(0, 12),
                              port: port?.container,
                              publishedPort: host,
                              path: args.healthPath,
                              timeout: healthTimeout,
                              timeoutSetting: args.healthTimeoutSetting,
                          },
                          isStrict(settings) ? undefined : (settings.writable ?? []),
                      ),
                  ),
        );
        this.containerName = pulumi.all([container.name, working]).apply(([found]) => found);
        this.serviceUrl = working.apply(() =>
            host === undefined ? undefined : `http://localhost:${String(host)}`,
        );
        this.registerOutputs({ containerName: this.containerName, serviceUrl: this.serviceUrl });
    }

    /**
     * @param allowed the folders that it is known to write to; undefined: they are not looked for.
     * @throws UserError where it does not work.
     */
    async #untilItWorks(
        question: Parameters<typeof askForHealth>[0],
        allowed: readonly string[] | undefined,
    ): Promise<void> {
        const answer = await askForHealth(question);
        if ("problem" in answer) throw new UserError(answer.problem);
        await pulumi.log.info(`The service works: ${answer.checked}.`, this);
        if (allowed === undefined) return;
        const folders = (await findWrittenFolders(question.container)).filter(
            (folder) => !allowed.includes(folder),
        );
        if (folders.length === 0) return;
        const [first = ""] = folders;
        await pulumi.log.warn(
            `The service writes to ${folders.slice(0, 5).join(", ")}, which a strict container refuses. ` +
                `Have it write to /tmp, or allow it: pulumi config set --path ` +
                `'mlops:container.writable[0]' ${first} -s ${pulumi.getStack()}`,
            this,
        );
    }
}
