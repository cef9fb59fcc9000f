/**
 * Asks a cluster with `kubectl`, which has the user's kubeconfig and whatever logs in with it.
 * Nothing of either gets into a resource's input, the state or a log.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { shellWord } from "../messages/shell.ts";
import { shorten, visibleLines } from "../../quay/api/text.ts";

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

/** How `kubectl` is run. */
export interface KubectlOptions {
    /** Its standard input. Default: none. */
    readonly input?: string | undefined;
    /** How long a command may take, in seconds. Default: 10. */
    readonly limit?: number | undefined;
}

/** A failed `kubectl`. Its message is what `kubectl` said, for the user, cut to a length. */
export class KubectlError extends Error {
    constructor(message: string) {
        super(visibleLines(shorten(message, 4000)));
    }
}

/**
 * How long a command may take, in seconds. kubectl's own limit is one for each of its requests, and
 * it repeats those that are not answered.
 */
const timeLimit = 10;

const failure = z.object({
    stderr: z.string().default(""),
    code: z.unknown(),
    killed: z.boolean().default(false),
});

/** Returns the options of `kubectl` that choose the namespace. */
export function placeOptions({ context, namespace }: Place): string[] {
    return ["--context", context, "--namespace", namespace];
}

/** Returns the beginning of a command that a message shows, for a shell. */
export function kubectlCommand(place: Place): string {
    return ["kubectl", ...placeOptions(place).map(shellWord)].join(" ");
}

/** Returns the `kubectl` of a namespace. */
export function kubectlIn(
    place: Place,
    { input = "", limit = timeLimit }: KubectlOptions = {},
): Kubectl {
    return async (...args) => {
        const running = run("kubectl", [...placeOptions(place), ...args], {
            maxBuffer: 1 << 28,
            timeout: limit * 1000,
        });
        // A command may end before it has read all of it. Its exit code says why.
        running.child.stdin?.on("error", () => undefined).end(input);
        try {
            return (await running).stdout;
        } catch (error) {
            throw new KubectlError(messageOf(failure.parse(error), place, limit));
        }
    };
}

/** Says why `kubectl` failed, without what it logged about each of its attempts. */
function messageOf(
    { stderr, code, killed }: z.output<typeof failure>,
    { context }: Place,
    limit: number,
): string {
    if (code === "ENOENT")
        return "kubectl was not found. Install it: https://kubernetes.io/docs/tasks/tools/";
    if (killed) return `"${context}" did not answer within ${String(limit)} seconds`;
    return stderr.replace(/^[EIW]\d{4} .*\n/gm, "").trim();
}

/** Reads objects as JSON. */
export async function read<T>(
    kubectl: Kubectl,
    schema: z.ZodType<T>,
    ...args: readonly string[]
): Promise<T> {
    return schema.parse(JSON.parse(await kubectl("get", ...args, "--output=json")));
}

const resources = z.object({ resources: z.array(z.object({ kind: z.string() })) });

/**
 * Returns whether the cluster has a kind of objects. Asks for one group alone: another one may be
 * out of order.
 *
 * @param apiVersion the group and version: `monitoring.coreos.com/v1`.
 * @throws KubectlError if the cluster cannot be asked.
 */
export async function hasKind(
    kubectl: Kubectl,
    apiVersion: string,
    kind: string,
): Promise<boolean> {
    try {
        const answer = await kubectl("get", `--raw=/apis/${apiVersion}`);
        const { resources: found } = resources.parse(JSON.parse(answer));
        return found.some((resource) => resource.kind === kind);
    } catch (error) {
        if (error instanceof KubectlError && error.message.includes("(NotFound)")) return false;
        throw error;
    }
}
