/** The Secrets of a service: its secret variables, and what its image is pulled with. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { objectName } from "./names.ts";
import type { ServiceObject } from "./serviceObject.ts";

/** The credentials that an image is pulled with. */
export interface PullCredentials {
    /** The registry's host, as in the image's name. */
    readonly registry: pulumi.Input<string>;
    /** A user or robot that reads the repository and no more. */
    readonly username: pulumi.Input<string>;
    /** Its password. It stays secret in the state, in diffs and in logs. */
    readonly password: pulumi.Input<string>;
}

/** Returns the name of the Secret that a service's image is pulled with. */
export function pullSecretName(service: string): string {
    return objectName(`${service}-pull`, pulumi.getStack());
}

/**
 * Splits the variables, and declares a Secret with the values of those that are secret. Other
 * values are another Secret. The engine deletes the former one at the end of the first `up` whose
 * pods serve: until then a former pod that restarts finds its own values. The revision in the name
 * is random: a hash would help to guess them.
 */
export function declareVariables(
    { name, metadata }: ServiceObject,
    env: Readonly<Record<string, string | pulumi.Output<string>>>,
    options: pulumi.CustomResourceOptions,
) {
    const plain: Record<string, string> = {};
    const values: Record<string, pulumi.Output<string>> = {};
    for (const [variable, value] of Object.entries(env)) {
        if (typeof value === "string") plain[variable] = value;
        else values[variable] = pulumi.secret(value);
    }
    const names = Object.keys(values);
    if (names.length === 0) return { plain };
    const { hex: revision } = new random.RandomId(
        `${name}-env`,
        { byteLength: 4, keepers: values },
        options,
    );
    const prefix = objectName(`${name}-env`, pulumi.getStack());
    const secret = new k8s.core.v1.Secret(
        `${name}-env`,
        {
            metadata: {
                ...metadata,
                name: pulumi.interpolate`${prefix}-${revision}`,
            },
            immutable: true,
            stringData: values,
        },
        options,
    );
    return { plain, secret: { secret: secret.metadata.name, names } };
}

/**
 * Declares a Secret with the credentials. It is changed in place when they rotate: no pod restarts.
 * The SDK marks its data as secret.
 *
 * @returns its name
 */
export function declarePullSecret(
    { name, metadata }: ServiceObject,
    { registry, username, password }: PullCredentials,
    options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const config = pulumi.all([registry, username, password]).apply(([host, user, secret]) =>
        JSON.stringify({
            auths: { [host]: { auth: Buffer.from(`${user}:${secret}`).toString("base64") } },
        }),
    );
    const created = new k8s.core.v1.Secret(
        `${name}-pull`,
        {
            metadata: { ...metadata, name: pullSecretName(name) },
            type: "kubernetes.io/dockerconfigjson",
            stringData: { ".dockerconfigjson": config },
        },
        options,
    );
    return created.metadata.name;
}
