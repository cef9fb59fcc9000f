/** What the files of the other stacks configure. */
import { z } from "zod";
import { secretNames } from "./github.ts";
import { type Surroundings, text } from "./rule.ts";
import { configOf } from "../file.ts";
import { namespace } from "../namespace.ts";

/** What belongs to one stack only: no other stack may configure the same. */
export const claims = z.object({
    quay: z
        .object({
            namespace: text,
            repository: text,
            robot: text.optional(),
            visibility: text.optional(),
        })
        .optional()
        .catch(undefined),
    cluster: z
        .object({ pull: z.object({ robot: text.optional() }).prefault({}) })
        .optional()
        .catch(undefined),
    github: z
        .object({
            repository: text,
            branch: text,
            environment: z.object({ name: text }).optional(),
            secrets: secretNames(),
            federation: z.boolean().default(false),
            workflow: z.object({ path: text, attestation: z.boolean().default(false) }),
        })
        .optional()
        .catch(undefined),
    owner: text.optional(),
    registry: text,
});

export type Claims = z.output<typeof claims>;

/** The names of all other stacks that have a file. */
export function otherStacks({ files = {}, stack }: Surroundings): string[] {
    return Object.keys(files).filter((name) => name !== stack);
}

/**
 * Returns what another stack's file claims; nothing where the file cannot be read, which that
 * stack's own commands report.
 */
export function readStack(file: string): Claims {
    const config = configOf(file);
    const sections = Object.fromEntries(
        ["quay", "cluster", "github"].map((name) => [
            name,
            config[`${namespace}:${name}`] ?? config[name],
        ]),
    );
    const owner = config["github:owner"];
    return claims.parse({
        ...sections,
        ...(typeof owner === "string" && { owner }),
        registry: registryOf(config["quay:url"]),
    });
}

/** Returns the host of Quay: of a stack's `quay:url`, else of QUAY_URL, else quay.io. */
export function registryOf(url: unknown): string {
    const chosen = typeof url === "string" ? url : (process.env["QUAY_URL"] ?? "");
    return URL.parse(chosen)?.host ?? "quay.io";
}
