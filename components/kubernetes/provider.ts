/** The configuration of the Kubernetes provider, which a stack must have. */
import * as pulumi from "@pulumi/pulumi";
import { setCommand } from "../messages/shell.ts";
import { UserError } from "../messages/userError.ts";

/** A key of the provider that a stack lacks. */
export interface MissingKey {
    /** The key, `kubernetes:context`. */
    readonly key: string;
    /** What must be set, as the end of a sentence: `must be …`. */
    readonly message: string;
    /** The value, or what stands for it in a command. */
    readonly value: string;
}

const required: readonly MissingKey[] = [
    {
        key: "kubernetes:context",
        message: "must be a context of the kubeconfig: the cluster (kubectl config get-contexts)",
        value: "CONTEXT",
    },
    {
        key: "kubernetes:clusterIdentifier",
        message: "must be a name of the cluster: else a changed kubeconfig may replace all objects",
        value: "NAME",
    },
    {
        key: "kubernetes:enableSecretMutable",
        message: "must be true: else a new password deletes the running service and makes it again",
        value: "true",
    },
];

/** Returns the keys that a service on a cluster needs and a configuration does not have. */
export function missingProviderKeys(
    config: Readonly<Record<string, string | undefined>>,
): MissingKey[] {
    return required.filter(({ key, value }) =>
        value === "true" ? config[key] !== value : (config[key] ?? "") === "",
    );
}

/**
 * Returns the context that the default provider uses. It is the default one, as an explicit
 * provider would write the kubeconfig into the state.
 *
 * @throws UserError if the stack does not configure the provider.
 */
export function providerContext(): string {
    const missing = missingProviderKeys(pulumi.runtime.allConfig());
    if (missing.length === 0) return new pulumi.Config("kubernetes").require("context");
    const lines = missing.map(
        ({ key, message, value }) => `  ${key} ${message}\n      ${setCommand(key, value)}`,
    );
    throw new UserError(["A service on a cluster needs configuration:", ...lines].join("\n"));
}
