/** What a stack that promotes an image reads from the files of the stacks before it. */
import { existsSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { StackConfigOf } from "./stackConfig.ts";
import { configOf } from "./file.ts";
import { namespace } from "./namespace.ts";
import { port } from "./sections/values.ts";
import { readAccount } from "../components/github/account.ts";
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
    const ports = stacksBefore(config).flatMap((name) => {
        const service = z.object({ port }).safeParse(sectionOf(name, "service")).data ?? {};
        const env = z.object({ PORT: z.string() }).safeParse(sectionOf(name, "env")).data ?? {};
        return configuredPort({ service, env }) ?? [];
    });
    return portOf(config, ports.slice(0, 1));
}

/**
 * Returns where an image must have been built to be promoted: by the workflow of `attestedBy`, for
 * the branch of the stack before whose file configures this workflow, or else of this stack, or for
 * a git tag that makes a version. Undefined if attestations are not checked.
 */
export function provenanceOf(config: StackConfigOf<"promoted">) {
    const { repository, branch, workflow } = config.github;
    const { attestedBy } = workflow;
    if (attestedBy === undefined) return undefined;
    const form = z.object({
        repository: z.literal(repository),
        branch: z.string(),
        workflow: z.object({ path: z.literal(attestedBy) }),
    });
    const [theirs = branch] = stacksBefore(config).flatMap(
        (name) => form.safeParse(sectionOf(name, "github")).data?.branch ?? [],
    );
    const { webUrl, owner, issuer } = readAccount();
    return {
        repository: `${webUrl}/${owner}/${repository}`,
        workflow: attestedBy,
        refs: [`refs/heads/${theirs}`, "refs/tags/v*"],
        issuer,
    };
}

/** Returns the stacks that an image comes through, the nearest first, by their files. */
function stacksBefore({ promoteFrom }: StackConfigOf<"promoted">): string[] {
    const before: string[] = [];
    let stack = promoteFrom.environment;
    while (stack !== undefined && !before.includes(stack)) {
        before.push(stack);
        stack = z.object({ environment: z.string() }).safeParse(sectionOf(stack, "promoteFrom"))
            .data?.environment;
    }
    return before;
}

/** Returns a section of another stack's file; undefined where it does not exist. */
function sectionOf(stack: string, section: string): unknown {
    const file = `Pulumi.${stack}.yaml`;
    const config = existsSync(file) ? configOf(readFileSync(file, "utf8")) : {};
    return config[`${namespace}:${section}`];
}
