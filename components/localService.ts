import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { askForHealth } from "./docker/health.ts";
import { findPortProblem, ownerLabel, ownerOf } from "./docker/publishedPort.ts";
import { containerArgs, type ContainerSettings, isStrict } from "./docker/serviceContainer.ts";
import { findWrittenFolders } from "./docker/writtenFolders.ts";
import { failOnProblem, failOnRejection } from "./messages/failProgram.ts";
import { foreign } from "../quay/api/text.ts";
import { UserError } from "./messages/userError.ts";
import { setCommand } from "./messages/shell.ts";

/**
 * A container and how it is checked. `container`, and whether there is a port, are plain values,
 * not inputs: they decide which options the container has.
 */
export interface LocalServiceArgs {
    /** The image to run: its id, or any name that the Docker engine knows. */
    readonly image: pulumi.Input<string>;
    /** The name of the Docker network that the container joins. */
    readonly network: pulumi.Input<string>;
    /** A host name for the container on its network. Default: only its generated name. */
    readonly alias?: pulumi.Input<string> | undefined;
    /**
     * The service's port. `container`: the port that the service listens on, which it gets as PORT.
     * `host`: the port of this machine that is published, on the loopback interface only; default:
     * none. `setting`: the configuration key that the error about a taken port names. Default: the
     * service has no port.
     */
    readonly port?:
        | {
              readonly container: pulumi.Input<number>;
              readonly host?: pulumi.Input<number> | undefined;
              readonly setting?: string | undefined;
          }
        | undefined;
    /** Environment variables. A secret value stays secret in the state, in diffs and in logs. */
    readonly env?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /** How far the container is locked down, and the exceptions. Default: strict, none. */
    readonly container?: ContainerSettings | undefined;
    /** Memory limit in MiB, without swap. Default: 512. */
    readonly memory?: pulumi.Input<number> | undefined;
    /** CPU limit, in cores. Default: 1. */
    readonly cpus?: pulumi.Input<number> | undefined;
    /**
     * The path that answers with a success status once the service is healthy. Default: the image's
     * HEALTHCHECK, if it has one, has to report healthy, and the port has to answer.
     */
    readonly healthPath?: pulumi.Input<string> | undefined;
    /** How long the service may take to become healthy, in seconds. Default: 180. */
    readonly healthTimeout?: pulumi.Input<number> | undefined;
    /** The configuration key of `healthTimeout`, for the error message. */
    readonly healthTimeoutSetting?: string | undefined;
}

/**
 * A service in a container on this machine's Docker engine. Waits until the service is healthy;
 * otherwise `up` fails and shows the end of the container's output and what to do. Memory, CPU and
 * logs are limited, and the container starts again with the engine. Where the container is not
 * strict, a warning lists the folders that the service writes to.
 *
 * @example
 * const service = new LocalService("model", {
 *     image: "quay.io/acme/model:1.2.0",
 *     network: new docker.Network("model").name,
 *     port: { container: 8080, host: 8080 },
 *     healthPath: "/health",
 * });
 * export const url = service.serviceUrl;
 */
export class LocalService extends pulumi.ComponentResource {
    /** The container's name, as in `docker logs NAME`. */
    declare readonly containerName: pulumi.Output<string>;
    /**
     * `http://localhost:PORT`, known once the service is healthy; undefined where no port is
     * published.
     */
    declare readonly serviceUrl: pulumi.Output<string | undefined>;

    constructor(name: string, args: LocalServiceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:docker:LocalService", name, {}, opts);
        const { port, memory = 512, cpus = 1, healthTimeout = 180 } = args;
        const { container: settings = {} } = args;
        const host = port?.host;
        const owner = ownerOf(name);
        const portProblem =
            pulumi.runtime.isDryRun() || host === undefined
                ? pulumi.output(undefined)
                : pulumi
                      .output(host)
                      .apply((published) => findPortProblem(published, owner, port?.setting));
        const container = new docker.Container(
            name,
            {
                image: pulumi
                    .all([args.image, failOnProblem(portProblem)])
                    .apply(([image]) => image),
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
                // As the engine reports it ("1.0"): a refresh then shows no difference.
                cpus: pulumi
                    .output(cpus)
                    .apply((cores) => (Number.isInteger(cores) ? cores.toFixed(1) : String(cores))),
                logDriver: "json-file",
                logOpts: { "max-size": "10m", "max-file": "3" },
            },
            { parent: this, deleteBeforeReplace: true }, // two containers cannot publish one port
        );
        // Not the provider's `wait`: it checks only at creation, leaves a broken container that the
        // next `up` takes for a healthy one, and does not report the cause.
        const healthy = pulumi
            .all([container.id, port?.container, host, args.healthPath, healthTimeout])
            .apply(([id, servicePort, publishedPort, path, timeout]) =>
                pulumi.runtime.isDryRun()
                    ? undefined
                    : failOnRejection(
                          this.#waitUntilHealthy(
                              {
                                  container: id.slice(0, 12),
                                  port: servicePort,
                                  publishedPort,
                                  path,
                                  timeout,
                                  timeoutSetting: args.healthTimeoutSetting,
                              },
                              isStrict(settings) ? undefined : (settings.writable ?? []),
                          ),
                      ),
            );
        this.containerName = pulumi.all([container.name, healthy]).apply(([found]) => found);
        this.serviceUrl = pulumi
            .all([host, healthy])
            .apply(([published]) =>
                published === undefined ? undefined : `http://localhost:${String(published)}`,
            );
        this.registerOutputs({ containerName: this.containerName, serviceUrl: this.serviceUrl });
    }

    /**
     * Waits until the service is healthy, then warns of folders that a strict container would not
     * let it write to.
     *
     * @param allowed folders that cause no warning; undefined: written folders are not looked for.
     * @throws UserError where the service is not healthy in time.
     */
    async #waitUntilHealthy(
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
            `The service writes to ${foreign(folders.slice(0, 5).join(", "))}, which a strict ` +
                "container refuses. Have it write to /tmp, or allow it: " +
                setCommand("mlops:container.writable[0]", first),
            this,
        );
    }
}
