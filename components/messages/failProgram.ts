import * as pulumi from "@pulumi/pulumi";
import { UserError } from "./userError.ts";

/**
 * Fails the program with a UserError where there is a problem. The returned output then never
 * resolves, so nothing that depends on it starts. (An error inside of a resource's input would
 * reach the user wrapped: `error serializing property "image": …`.)
 */
export function failOnProblem(
    problem: pulumi.Output<string | undefined>,
): pulumi.Output<undefined> {
    problem.apply((message) => {
        if (message !== undefined) throw new UserError(message);
    });
    return problem.apply((message): Promise<undefined> =>
        message === undefined ? Promise.resolve(undefined) : new Promise(() => undefined),
    );
}

/**
 * Returns the promise's value as an output. Where the promise rejects, the program fails with that
 * error and the output never resolves, as in `failOnProblem`.
 */
export function failOnRejection<T>(found: Promise<T>): pulumi.Output<pulumi.Unwrap<T>> {
    void found.then(); // an unhandled rejection on purpose: it fails the program
    return pulumi.output(found.catch(() => new Promise<T>(() => undefined)));
}
