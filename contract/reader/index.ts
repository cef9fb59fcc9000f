/** What the stacks of the project export, for other Pulumi programs: typed, checked, by the name of the environment alone. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { UserError } from "../../components/userError.ts";
import type { PublishedOutputs } from "../outputs.ts";
import { checkOutputs } from "./checkOutputs.ts";

export type { PublishedOutputs };

/** Where the stack is, if not where it is by default. */
export interface DeploymentOptions {
    /** The Pulumi project of the stack. Default: `mlops`. */
    readonly project?: string;
    /** The organization of the stack in Pulumi Cloud. Default: that of the stack that is asking. Other backends have no organizations. */
    readonly organization?: string;
}

/** What the engine answers about another stack. */
const answer = z.object({
    outputs: z.record(z.string(), z.unknown()),
    secretOutputNames: z.array(z.string()),
});

/**
 * The outputs of an environment whose image is in a registry: `deployment("prod").image` is the image that prod is at, by its digest. All of
 * them are secret where one of them is in that stack.
 *
 * @param stack the environment: the stack's name alone, whatever the backend makes of it.
 * @throws UserError, once they are read, where the stack is missing, was never deployed or exports something else. The program fails with it.
 */
export function deployment(
    stack: string,
    options: DeploymentOptions = {},
): pulumi.Output<PublishedOutputs> {
    const { project = "mlops", organization = pulumi.getOrganization() } = options;
    const outputs = readOutputs(`${organization}/${project}/${stack}`);
    // The program fails with the problem itself, and what waits for the outputs never goes on: a problem that they carried to a resource would
    // reach the user wrapped (`error serializing property "image": …`).
    void outputs.then(() => undefined);
    return pulumi.output(outputs.catch(() => new Promise<never>(() => undefined)));
}

/**
 * Asks the engine, which knows the backend. Not by a StackReference: that one is a resource, whose failure the program cannot catch, and ends
 * in `unknown stack` without a word on what to do.
 */
async function readOutputs(name: string): Promise<pulumi.Input<PublishedOutputs>> {
    const { outputs, secretOutputNames } = answer.parse(
        await pulumi.runtime
            .invoke("pulumi:pulumi:readStackOutputs", { name })
            .catch((error: unknown) => {
                throw unreadable(name, error);
            }),
    );
    const checked = checkOutputs(name, outputs, secretOutputNames);
    const isSecret = secretOutputNames.some((output) => output in checked);
    return isSecret ? pulumi.secret(checked) : checked;
}

function unreadable(name: string, error: unknown): UserError {
    const said = (error instanceof Error ? error.message : String(error)).replace(
        /^invocation of \S+ returned an error: /,
        "",
    );
    const advice =
        "Deploy it first, or look at the name, at the options `project` and `organization`, and at the backend (`pulumi whoami -v`).";
    return new UserError(
        said.startsWith("unknown stack")
            ? `There is no stack "${name}". ${advice}`
            : `The stack "${name}" cannot be read: ${said}`,
    );
}
