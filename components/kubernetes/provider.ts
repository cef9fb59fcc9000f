/** The configuration of the Kubernetes provider, which a stack has to have. */
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../userError.ts";

/** What each key is for, and a value for the command that sets it. */
const required = {
    context: ["the cluster: a context of the kubeconfig", "CONTEXT"],
    clusterIdentifier: [
        "a name of the cluster, without which a changed kubeconfig may replace all objects",
        "NAME",
    ],
    enableSecretMutable: [
        "true, without which a new password deletes the running service and creates it again",
        "true",
    ],
} as const;

/**
 * Returns the context that the default provider uses. It is the default one, as an explicit
 * provider would write the kubeconfig into the state.
 *
 * @throws UserError if the stack does not configure the provider.
 */
export function providerContext(): string {
    const config = new pulumi.Config("kubernetes");
    const missing = Object.entries(required).filter(([key, [, value]]) =>
        value === "true" ? config.get(key) !== value : !config.get(key),
    );
    if (missing.length === 0) return config.require("context");
    const stack = pulumi.getStack();
    throw new UserError(
        [
            "A service on a cluster needs more configuration of this stack:",
            ...missing.flatMap(([key, [what, value]]) => [
                `    kubernetes:${key}: ${what}:`,
                `        pulumi config set kubernetes:${key} ${value} -s ${stack}`,
            ]),
            "The contexts of your kubeconfig: kubectl config get-contexts",
        ].join("\n"),
    );
}
