/** What a stack that promotes an image reads from the files of the stacks before it. */
import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { StackConfigOf } from "./stackConfig.ts";
import { configOf } from "./file.ts";
import { port } from "./sections/values.ts";
import { configuredPort, portOf } from "../components/docker/serviceContainer.ts";

/**
 * Returns the stack that is about to publish the version that this stack promotes, for a preview of
 * a change to both. Undefined in an `up`, which needs the version published, and where the file of
 * that stack names another version.
 */
export function publisherOf({
    service,
    promoteFrom,
}: StackConfigOf<"promoted">): string | undefined {
    const { environment } = promoteFrom;
    if (environment === undefined || !pulumi.runtime.isDryRun()) return undefined;
    const theirs = z.object({ version: z.string() }).safeParse(sectionOf(environment, "service"));
    return theirs.data?.version === service.version ? environment : undefined;
}

/**
 * Returns the port of a service whose image is promoted: the configured one, or that of the nearest
 * stack before it whose file configures one, or 8080. Dockerfiles do not count: they may be
 * elsewhere, or of a later version.
 */
export function promotedPortOf(config: StackConfigOf<"promoted">): number {
    const before: string[] = [];
    let stack = config.promoteFrom.environment;
    while (stack !== undefined && !before.includes(stack)) {
        before.push(stack);
        stack = z.object({ environment: z.string() }).safeParse(sectionOf(stack, "promoteFrom"))
            .data?.environment;
    }
    const ports = before.flatMap((name) => {
        const service = z.object({ port }).safeParse(sectionOf(name, "service")).data ?? {};
        const env = z.object({ PORT: z.string() }).safeParse(sectionOf(name, "env")).data ?? {};
        return configuredPort({ service, env }) ?? [];
    });
    return portOf(config, ports.slice(0, 1));
}

/** Returns a section of another stack's file; undefined where it does not exist. */
function sectionOf(stack: string, section: string): unknown {
    const file = `Pulumi.${stack}.yaml`;
    const config = existsSync(file) ? configOf(readFileSync(file, "utf8")) : {};
    return config[`${pulumi.getProject()}:${section}`];
}
