/**
 * The outputs of every stack: the contract with other teams. `npm run generate` writes
 * contract/outputs.schema.json from it, and reader/ checks outputs with it. Within a schema version
 * only optional fields may be added; any other change needs a new version.
 */
import type { Input } from "@pulumi/pulumi";
import { getStack } from "@pulumi/pulumi/metadata.js";
import { z } from "zod";

/** The version of the contract. Any change except a new optional field raises it. */
export const schemaVersion = 1;

const common = {
    schemaVersion: z
        .literal(schemaVersion)
        .describe("The version of this contract. Within a version fields are only added."),
    environment: z.string().min(1).describe("The name of the stack."),
    version: z
        .string()
        .min(1)
        .describe(
            "The version of the service that this stack is at, as in 1.0.0; sha- and the commit " +
                "where the stack follows a branch.",
        ),
};

const digest = z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, "a digest: sha256: and 64 hexadecimal digits");

/** The outputs of a stack that runs the service on one machine. */
export const localOutputs = z
    .object({
        kind: z.literal("local").describe("The service runs on the machine that deployed it."),
        ...common,
        imageId: digest.describe("The id that the machine's Docker engine gave the image."),
        serviceUrl: z
            .url()
            .describe("Where the service answers on that machine, as in http://localhost:8080."),
        tokenCommand: z
            .string()
            .optional()
            .describe(
                "The command that prints a fresh access token; absent where the tokens are " +
                    "an issuer's of the user's own.",
            ),
    })
    .meta({
        title: "LocalOutputs",
        description: "A stack that runs the service on one machine.",
    });

/** The outputs of a stack whose image is in a registry. */
export const publishedOutputs = z
    .object({
        kind: z.literal("published").describe("The image is in a registry."),
        ...common,
        image: z
            .string()
            .regex(/^[^@\s]+@sha256:[0-9a-f]{64}$/, "an image by its digest: REPOSITORY@sha256:…")
            .describe("What to deploy: the image by its digest, REPOSITORY@sha256:…"),
        digest: digest.describe("The digest of the image's manifest."),
        tags: z
            .array(z.string().min(1))
            .describe("The version tags of that digest in the repository; they never move."),
        commit: z
            .string()
            .regex(/^([0-9a-f]{40,64})?$/, "a commit: 40 or 64 hexadecimal digits")
            .optional()
            .describe(
                "The commit of the service's repository that the image was built from. Empty " +
                    "where the image does not say.",
            ),
        repositoryUrl: z.url().describe("The repository's page."),
        pullCommand: z.string().min(1).describe("The command that pulls the image by its digest."),
        runCommand: z.string().min(1).describe("The command that runs the image by its digest."),
        robotUsername: z
            .string()
            .min(1)
            .describe(
                "The robot that may write to the repository, NAMESPACE+NAME. Its token is not " +
                    "an output.",
            ),
        pullRequest: z
            .url()
            .optional()
            .describe(
                "The pull request that brings the workflow, where it is delivered by one: " +
                    "it must be merged.",
            ),
        serviceUrl: z
            .url()
            .optional()
            .describe(
                "Where the service answers, once it is healthy: its address outside of the " +
                    "cluster, or within it where it is not exposed. Absent without a cluster.",
            ),
        namespace: z
            .string()
            .min(1)
            .optional()
            .describe("The service's namespace on its cluster. Absent without a cluster."),
        replicas: z
            .object({ min: z.int().min(1), max: z.int().min(1) })
            .optional()
            .describe("How many pods serve, at least and at most. Absent without a cluster."),
        workflow: z
            .url()
            .describe(
                "The page of the workflow that this stack's image comes from or is " +
                    "checked by.",
            ),
    })
    .meta({ title: "PublishedOutputs", description: "A stack whose image is in a registry." });

/** The outputs of any stack: one variant for each `kind`. */
export const stackOutputs = z.discriminatedUnion("kind", [localOutputs, publishedOutputs]);

export type LocalOutputs = z.output<typeof localOutputs>;
export type PublishedOutputs = z.output<typeof publishedOutputs>;

/** The outputs that a program passes: possibly unknown, without those that all stacks share. */
type Given<Outputs> = Inputs<Omit<Outputs, "schemaVersion" | "environment">>;
type Inputs<T> = { readonly [Key in keyof T]: Input<T[Key]> };

/** Returns the outputs for a program's `export default exportOutputs({ kind: "published", … })`. */
export function exportOutputs(outputs: Given<LocalOutputs> | Given<PublishedOutputs>) {
    return { schemaVersion, environment: getStack(), ...outputs };
}
