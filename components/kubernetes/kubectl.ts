/**
 * Asks a cluster with `kubectl`, which has the user's kubeconfig and whatever logs in with it.
 * Nothing of either gets into a resource's input, the state or a log.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** A namespace of a cluster. */
export interface Place {
    /** The kubeconfig's context. */
    readonly context: string;
    readonly namespace: string;
}

/**
 * Runs `kubectl` with these arguments in a namespace.
 *
 * @returns its output.
 * @throws KubectlError if it fails.
 */
export type Kubectl = (...args: readonly string[]) => Promise<string>;

/** A failed `kubectl`. Its message is what `kubectl` said, for the user. */
export class KubectlError extends Error {}

/** How long an answer may take. */
const requestTimeout = "--request-timeout=20s";

const failure = z.object({ stderr: z.string().default(""), code: z.unknown() });

/** Returns the options of `kubectl` that choose the namespace. */
export function placeOptions({ context, namespace }: Place): string[] {
    return ["--context", context, "--namespace", namespace];
}

/** Returns the `kubectl` of a namespace. */
export function kubectlIn(place: Place): Kubectl {
    return async (...args) => {
        try {
            const options = [...placeOptions(place), requestTimeout];
            const { stdout } = await run("kubectl", [...options, ...args], { maxBuffer: 1 << 28 });
            return stdout;
        } catch (error) {
            const { stderr, code } = failure.parse(error);
            throw new KubectlError(
                code === "ENOENT"
                    ? "kubectl was not found. Install it: https://kubernetes.io/docs/tasks/tools/"
                    : stderr.trim(),
            );
        }
    };
}

/** Reads objects as JSON. */
export async function read<T>(
    kubectl: Kubectl,
    schema: z.ZodType<T>,
    ...args: readonly string[]
): Promise<T> {
    return schema.parse(JSON.parse(await kubectl("get", ...args, "--output=json")));
}

/**
 * Returns whether the cluster has a kind of objects.
 *
 * @param kind as `kubectl` names it: `servicemonitors.monitoring.coreos.com`.
 */
export async function hasKind(kubectl: Kubectl, kind: string): Promise<boolean> {
    const [, group = ""] = /\.(.+)/.exec(kind) ?? [];
    const kinds = await kubectl("api-resources", `--api-group=${group}`, "--output=name");
    return kinds.split("\n").includes(kind);
}
