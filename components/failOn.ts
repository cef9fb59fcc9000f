import * as pulumi from "@pulumi/pulumi";
import { UserError } from "./userError.ts";

/**
 * Fails the program with the problem, if there is one; what waits for this then never goes on. (An error that an output carries to
 * a resource would reach the user wrapped: `error serializing property "image": …`.)
 */
export function failOn(problem: pulumi.Output<string | undefined>): pulumi.Output<undefined> {
    problem.apply((message) => {
        if (message !== undefined) throw new UserError(message);
    });
    return problem.apply((message): Promise<undefined> =>
        message === undefined ? Promise.resolve(undefined) : new Promise(() => undefined),
    );
}

/** What it gives; where it throws, the program fails with that, as above, and what waits for this never goes on. */
export function orFail<T>(found: Promise<T>): pulumi.Output<pulumi.Unwrap<T>> {
    void found.then(); // nobody handles this one's rejection: the program fails with it
    return pulumi.output(found.catch(() => new Promise<T>(() => undefined)));
}
