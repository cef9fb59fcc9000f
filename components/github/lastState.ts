import * as pulumi from "@pulumi/pulumi";
import pRetry from "p-retry";
import { z } from "zod";

/** A resource in the stack's last state. */
export interface LastResource {
    /** `github:index/repositoryFile:RepositoryFile`, or a component's type. */
    readonly type: string;
    readonly name: string;
    readonly outputs: Readonly<Record<string, unknown>>;
}

const stateForm = z.object({
    outputs: z
        .record(z.string(), z.object({ outputs: z.record(z.string(), z.unknown()).nullish() }))
        .default({}),
});

/** Returns the resources of the stack's last state; none for a new stack. */
export async function readLastState(): Promise<LastResource[]> {
    const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
    const state = stateForm.parse(
        await pRetry(
            () => pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName }),
            // A local backend writes the file in place, so it may be empty briefly during an `up`.
            {
                retries: 50,
                minTimeout: 20,
                factor: 1,
                shouldRetry: ({ error }) => error.message.includes("failed to load checkpoint"),
            },
        ),
    );
    return Object.entries(state.outputs).map(([urn, { outputs }]) => {
        const [, , types = "", ...name] = urn.split("::");
        return {
            type: types.slice(types.lastIndexOf("$") + 1),
            name: name.join("::"),
            outputs: outputs ?? {},
        };
    });
}
