import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../messages/userError.ts";
import { type DockerfileSource, findWeaknesses, readDockerfile } from "./dockerfile.ts";
import { type ContainerSettings, portOf, type PortSettings } from "./serviceContainer.ts";
import { setCommand } from "../messages/shell.ts";
import { foreign } from "../../quay/api/text.ts";

/** A service with its Dockerfile, and the settings that the Dockerfile has to fit. */
export interface CheckedService extends PortSettings {
    readonly service: DockerfileSource & {
        readonly name: string;
        readonly port?: number | undefined;
        readonly healthPath?: string | undefined;
    };
    readonly container: ContainerSettings;
}

/**
 * Logs a warning for each weakness in the Dockerfile, before anything is built.
 *
 * @returns the port that the service listens on.
 * @throws UserError where a strict container would not start with the image.
 */
export function checkDockerfile(settings: CheckedService): number {
    const { service, container } = settings;
    const facts = readDockerfile(service);
    const port = portOf(settings, facts?.ports);
    if (facts === undefined) return port; // the build reports the error
    const demands = { port, healthPath: service.healthPath, user: container.user };
    const weaknesses = findWeaknesses(service, facts, demands);
    const refused = weaknesses.filter(({ isRefused }) => container.strict && isRefused);
    if (refused.length > 0) {
        throw new UserError(
            [
                `The container of "${service.name}" is strict (mlops:container.strict), ` +
                    "so nothing was built:",
                ...refused.map(({ message }) => `  ${message}`),
                `Or name another user: ${setCommand("mlops:container.user", "10001")}`,
            ].join("\n"),
        );
    }
    for (const { message } of weaknesses) void pulumi.log.warn(foreign(message));
    return port;
}
