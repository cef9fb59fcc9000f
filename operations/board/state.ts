import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import { stackOutputs } from "../../contract/outputs.ts";
import { exportStack } from "../pulumiCli.ts";
import { type Services, servicesIn } from "../services.ts";

const exported = z.object({
    deployment: z.object({
        resources: z
            .array(
                z.object({
                    type: z.string(),
                    created: z.string().optional(),
                    modified: z.string().optional(),
                    inputs: z.record(z.string(), z.unknown()).default({}),
                    outputs: z.record(z.string(), z.unknown()).default({}),
                }),
            )
            .default([]),
    }),
});

/** What a stack has deployed, from its state. */
export interface Deployed {
    readonly environment: string;
    readonly version: string;
    /** The image's digest; for a local image, its id. */
    readonly digest: string;
    /** When this image was deployed: a time (RFC 3339). */
    readonly since?: string | undefined;
    /** The image with its digest, and the Quay provider's settings; absent for a local image. */
    readonly published?: {
        readonly image: string;
        readonly settings: Readonly<Record<string, string>>;
    };
    /** The commit that the image was built from; absent where the image does not say. */
    readonly commit?: string | undefined;
    /** Who may pull it: `public` or `private`. */
    readonly visibility?: string | undefined;
    readonly robot?: Robot;
}

export interface Robot {
    /** NAMESPACE+NAME. */
    readonly username: string;
    /** When it was created or adopted: a time (RFC 3339). */
    readonly since?: string | undefined;
}

/** A stack's state. */
export interface StackState {
    /** Absent if the stack has no outputs. */
    readonly deployed?: Deployed | undefined;
    readonly onCluster: Services["onCluster"];
}

/**
 * Reads a stack's state; returns undefined if the stack does not exist.
 *
 * @throws UserError if the state cannot be read or has other outputs than a deployment
 */
export async function readState(stack: string): Promise<StackState | undefined> {
    const state = await exportStack(stack);
    if (state === undefined) return undefined;
    const { onCluster } = servicesIn(state);
    return { deployed: parseState(stack, JSON.parse(state)), onCluster };
}

/** Reads what an exported state has deployed; returns undefined if it has no outputs. */
export function parseState(stack: string, state: unknown): Deployed | undefined {
    const { resources } = exported.parse(state).deployment;
    const values = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs;
    if (values === undefined || Object.keys(values).length === 0) return undefined;
    const { data: outputs } = stackOutputs.safeParse(values);
    if (outputs === undefined)
        throw new UserError(
            `The stack "${stack}" does not export the outputs of a deployment: it is no stack of ` +
                "one service, or an older version deployed it (then `pulumi up` in it).",
        );

    const find = (type: string, output: string, value: string) =>
        resources.find((resource) => resource.type === type && resource.outputs[output] === value);
    const { environment, version } = outputs;
    if (outputs.kind === "local") {
        const image = find("docker:index/remoteImage:RemoteImage", "imageId", outputs.imageId);
        return { environment, version, digest: outputs.imageId, since: image?.modified };
    }
    const { digest, image, commit, repositoryUrl, robotUsername } = outputs;
    const settings = Object.entries(
        resources.find(({ type }) => type === "pulumi:providers:quay")?.inputs ?? {},
    );
    return {
        environment,
        version,
        digest,
        since: find("quay:index:PromotedImage", "digest", digest)?.modified,
        published: {
            image,
            settings: Object.fromEntries(
                settings.filter((one): one is [string, string] => typeof one[1] === "string"),
            ),
        },
        commit: commit === "" ? undefined : commit,
        visibility: z
            .string()
            .optional()
            .parse(find("quay:index:Repository", "url", repositoryUrl)?.outputs["visibility"]),
        robot: {
            username: robotUsername,
            since: find("quay:index:Robot", "username", robotUsername)?.created,
        },
    };
}
