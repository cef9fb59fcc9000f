/**
 * Shared mocks for Pulumi. They record the resources that a program declares, with their inputs in
 * the form that the engine gets.
 */
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** A resource that a program declared. */
export interface Declared {
    readonly type: string;
    readonly name: string;
    readonly inputs: Record<string, unknown>;
}

/** The digest of every image that a mock pushes, promotes or builds. */
export const digest = `sha256:${"5e".repeat(32)}`;

/** The commit that the image of a followed tag, `latest`, was built from. */
export const commit = "c0ffee".padEnd(40, "0");

/** Outputs that a provider would compute, by resource type. */
const computed: Record<string, (declared: Declared) => Record<string, unknown>> = {
    "docker:index/remoteImage:RemoteImage": () => ({ imageId: digest }),
    "docker:index/container:Container": ({ name }) => ({ name: `${name}-1a2b3c4` }),
    "docker:index/network:Network": ({ name }) => ({ name: `${name}-5d6e7f8` }),
    "random:index/randomString:RandomString": () => ({ result: "x1y2z3" }),
    "docker:index/registryImage:RegistryImage": () => ({ sha256Digest: digest }),
    "quay:index:PromotedImage": ({ inputs }) => ({
        digest,
        image: `${String(inputs["target"])}@${digest}`,
        commit: inputs["version"] === "latest" ? commit : "",
    }),
    "quay:index:Repository": ({ inputs }) => ({
        fullName: `${String(inputs["namespace"])}/${String(inputs["name"])}`,
        image: `quay.io/${String(inputs["namespace"])}/${String(inputs["name"])}`,
        url: `https://quay.io/repository/${String(inputs["namespace"])}/${String(inputs["name"])}`,
    }),
    "quay:index:Robot": ({ inputs }) => ({
        username: `${String(inputs["namespace"])}+${String(inputs["name"])}`,
        token: pulumi.secret(`token-of-${String(inputs["name"])}`),
    }),
    "github:index/repositoryFile:RepositoryFile": () => ({ commitSha: "c0ffee" }),
    "github:index/repositoryPullRequest:RepositoryPullRequest": () => ({ number: 7 }),
    "random:index/randomId:RandomId": () => ({ hex: "0a1b2c3d" }),
    "random:index/randomPassword:RandomPassword": () => ({
        result: pulumi.secret("the-generated-password"),
    }),
};

/**
 * Runs a program under mocks, as a preview does unless told otherwise. Waits until everything that
 * it declares is known.
 *
 * @param config the stack's configuration, `mlops:service` → JSON.
 * @param call what a provider's function gives; default: what it was given.
 * @param secretKeys the keys of the configuration that hold a secret; default: none.
 * @param isPreview default: true.
 */
export async function declare(
    program: () => unknown,
    config: Record<string, string> = {},
    call: (token: string, inputs: Record<string, unknown>) => Record<string, unknown> = (
        _,
        inputs,
    ) => inputs,
    secretKeys: string[] = [],
    isPreview = true,
): Promise<Declared[]> {
    const declared: Declared[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs }) => {
                const resource: Declared = {
                    type,
                    name,
                    inputs: inputs as Record<string, unknown>,
                };
                declared.push(resource);
                return {
                    id: `id-of-${name}`,
                    state: { ...resource.inputs, ...computed[type]?.(resource) },
                };
            },
            call: ({ token, inputs }) => call(token, inputs as Record<string, unknown>),
        },
        "mlops",
        "unit",
        isPreview,
        "organization",
    );
    pulumi.runtime.setAllConfig(config, secretKeys);
    await pulumi.runtime.runInPulumiStack(async () => {
        await program();
        return {};
    });
    await pulumi.runtime.disconnect(); // once every registration has been answered
    return declared;
}

/** Returns the error that a program fails with after its main code ended, as Pulumi reports it. */
export async function failureOf(program: Promise<unknown>): Promise<unknown> {
    const event = "unhandledRejection";
    const listeners = process.listeners(event);
    process.removeAllListeners(event); // Mocha's own
    const ignore = (): void => undefined; // what depends on the failed output rejects, too
    process.on(event, ignore);
    const failed = once(process, event);
    void program;
    const [error] = (await failed) as unknown[];
    await setImmediate();
    process.off(event, ignore);
    for (const listener of listeners) process.on(event, listener);
    return error;
}

/**
 * Returns the value inside a secret in the engine's protocol. undefined if the value is not a
 * secret.
 */
export function insideSecret(value: unknown): unknown {
    const signature = "4dabf18193072939515e22adb298388d";
    const isSecret =
        typeof value === "object" && value !== null && signature in value && "value" in value;
    return isSecret ? value.value : undefined;
}

/** The one declared resource of a type. */
export function only(declared: readonly Declared[], type: string): Declared {
    const [found, ...more] = declared.filter((resource) => resource.type === type);
    if (!found || more.length > 0) {
        throw new Error(
            `expected one ${type}, got ${declared.map((resource) => `${resource.type} ${resource.name}`).join(", ")}`,
        );
    }
    return found;
}
