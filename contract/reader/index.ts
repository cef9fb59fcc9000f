/** Reads the outputs of the project's stacks in other Pulumi programs: typed and checked. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { UserError } from "../../components/messages/userError.ts";
import type { PublishedOutputs } from "../outputs.ts";
import { checkOutputs } from "./checkOutputs.ts";

export type { PublishedOutputs };

/** Where to find the stack. */
export interface DeploymentOptions {
    /** The Pulumi project of the stack. Default: `mlops`. */
    readonly project?: string;
    /**
     * The stack's organization in Pulumi Cloud; other backends have none. Default: the organization
     * of the stack that runs this program.
     */
    readonly organization?: string;
}

/** The engine's answer to readStackOutputs. */
const answer = z.object({
    outputs: z.record(z.string(), z.unknown()),
    secretOutputNames: z.array(z.string()),
});

/**
 * Returns the outputs of a stack whose image is in a registry: `deployment("prod").image` is prod's
 * image with its digest. If one of the outputs is secret in that stack, all of them are secret.
 *
 * @param stack the stack's name, without organization and project.
 * @throws UserError, which fails the program once the outputs are read, if the stack does not
 * exist, was never deployed or has other outputs
 */
export function deployment(
    stack: string,
    options: DeploymentOptions = {},
): pulumi.Output<PublishedOutputs> {
    const { project = "mlops", organization = pulumi.getOrganization() } = options;
    const outputs = readOutputs(`${organization}/${project}/${stack}`);
    // The rejection fails the program with its own message, and whatever waits for the outputs
    // never continues: a resource would wrap the message (`error serializing property "image": …`).
    void outputs.then(() => undefined);
    return pulumi.output(outputs.catch(() => new Promise<never>(() => undefined)));
}

/**
 * Reads the outputs through the engine, which knows the backend. A StackReference would not do: it
 * is a resource, so the program cannot catch its failure (`unknown stack`) and add advice.
 */
async function readOutputs(name: string): Promise<pulumi.Input<PublishedOutputs>> {
    const { outputs, secretOutputNames } = answer.parse(
        await pulumi.runtime
            .invoke("pulumi:pulumi:readStackOutputs", { name })
            .catch((error: unknown) => {
                throw readError(name, error);
            }),
    );
    const checked = checkOutputs(name, outputs, secretOutputNames);
    const isSecret = secretOutputNames.some((output) => output in checked);
    return isSecret ? pulumi.secret(checked) : checked;
}

function readError(name: string, error: unknown): UserError {
    const said = (error instanceof Error ? error.message : String(error)).replace(
        /^invocation of \S+ returned an error: /,
        "",
    );
    const advice =
        "Deploy it first, or look at the name, at the options `project` and `organization`, " +
        "and at the backend (`pulumi whoami -v`).";
    return new UserError(
        said.startsWith("unknown stack")
            ? `There is no stack "${name}". ${advice}`
            : `The stack "${name}" cannot be read: ${said}`,
    );
}
