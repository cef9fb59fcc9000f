/** The configuration of one stack: its sections, by the stack's kind. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { cluster } from "./sections/cluster.ts";
import { containerSection, env } from "./sections/container.ts";
import { buildingGithub, releasingGithub } from "./sections/github.ts";
import { local } from "./sections/local.ts";
import { oauth2 } from "./sections/oauth2.ts";
import { promoteFrom } from "./sections/promoteFrom.ts";
import { quay } from "./sections/quay.ts";
import { builtService, service } from "./sections/service.ts";

/** What a stack configures, by its kind. */
export const stackConfig = z.discriminatedUnion("kind", [
    /** The service runs on this machine. */
    z.strictObject({
        kind: z.literal("local"),
        service: builtService.describe("The service, and how its image is built."),
        container: containerSection(false).describe("What the service's container needs."),
        env,
        oauth2,
        local: local.describe("How the service runs on this machine's Docker engine."),
    }),
    /** The image is built, and published on Quay. */
    z.strictObject({
        kind: z.literal("built"),
        service: builtService.describe("The service, and how its image is built."),
        container: containerSection(true).describe("What the service's container needs."),
        env,
        oauth2,
        quay: quay.describe("The repository on Quay and its robot."),
        github: buildingGithub.describe("The GitHub repository and its workflow."),
        cluster: cluster.describe("The cluster that the service runs on. Default: none."),
    }),
    /** The image is promoted from another stack's repository. */
    z.strictObject({
        kind: z.literal("promoted"),
        service: service.describe("The service. Its image is promoted, not built."),
        container: containerSection(true).describe("What the service's container needs."),
        env,
        oauth2,
        quay: quay.describe("The repository on Quay and its robot."),
        github: releasingGithub.describe("The GitHub repository and its workflow."),
        cluster: cluster.describe("The cluster that the service runs on. Default: none."),
        promoteFrom: promoteFrom.describe("Where the image is promoted from."),
    }),
]);

type WithSecrets<T> = T extends unknown
    ? Omit<T, "env"> & { readonly env: Readonly<Record<string, string | pulumi.Output<string>>> }
    : never;

/**
 * The configuration of one stack: all that differs between stacks. A variable in `env` is a secret
 * output where it is a secret in the configuration.
 */
export type StackConfig = WithSecrets<z.infer<typeof stackConfig>>;

/** The configuration of a stack of the given kind. */
export type StackConfigOf<Kind extends StackConfig["kind"]> = Extract<StackConfig, { kind: Kind }>;

/** Returns the kind of a stack, which follows from the sections that it configures. */
export function kindOf(sections: Readonly<Record<string, unknown>>): StackConfig["kind"] {
    if ("promoteFrom" in sections) return "promoted";
    return "quay" in sections || "github" in sections ? "built" : "local";
}
