/**
 * Reads from a cluster with `kubectl`, which has the user's kubeconfig and whatever logs in by it.
 * Nothing of either gets into a resource's input, the state or a log.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { UserError } from "../userError.ts";

const run = promisify(execFile);

/** A namespace of a cluster. */
export interface Place {
    /** The kubeconfig's context. */
    readonly context: string;
    readonly namespace: string;
}

/** What an answer of `kubectl` was, if it was no success. */
export class KubectlError extends Error {
    readonly stderr: string;

    constructor(stderr: string) {
        super(stderr);
        this.stderr = stderr;
    }
}

const failure = z.object({ stderr: z.string(), code: z.union([z.string(), z.number()]).nullish() });

/**
 * Runs `kubectl` in a namespace.
 *
 * @param timeout how long an answer may take, in seconds.
 * @throws UserError if there is no `kubectl`; KubectlError if the command fails.
 */
export async function kubectl(
    { context, namespace }: Place,
    args: readonly string[],
    timeout = 20,
): Promise<string> {
    const common = [
        "--context",
        context,
        "--namespace",
        namespace,
        `--request-timeout=${String(timeout)}s`,
    ];
    try {
        const { stdout } = await run("kubectl", [...common, ...args], { maxBuffer: 1 << 28 });
        return stdout;
    } catch (error) {
        const { stderr, code } = failure.parse(error);
        if (code === "ENOENT") {
            throw new UserError(
                "kubectl was not found. The program asks a cluster with it: " +
                    "https://kubernetes.io/docs/tasks/tools/",
            );
        }
        throw new KubectlError(stderr.trim());
    }
}

/** Reads objects as JSON. */
export async function read<T>(
    place: Place,
    schema: z.ZodType<T>,
    ...args: readonly string[]
): Promise<T> {
    return schema.parse(JSON.parse(await kubectl(place, ["get", ...args, "--output=json"])));
}
