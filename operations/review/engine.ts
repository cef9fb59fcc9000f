import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { UserError } from "../../components/userError.ts";
import { EventReader } from "./events.ts";
import { publisherIn } from "../../configuration/delivery.ts";
import type { Preview } from "./preview.ts";
import { mergeChanges, rulesDriftOf } from "./rulesDrift.ts";

/** `pulumi preview` of a stack: what a deployment would change. @param options more arguments for it, as in `--policy-pack`. */
export async function previewStack(
    stack: string,
    options: readonly string[] = [],
): Promise<Preview> {
    return read(stack, ["preview", ...options]);
}

/**
 * What is not as the stack's state says, as if it were a change; the state stays as it is. Half as long as `pulumi preview --refresh`: it does
 * not run the program, so that what is merged and not deployed yet is no difference.
 * What GitHub does not answer is `unchecked`.
 *
 * @param options more arguments for `pulumi refresh`, as in `--exclude`.
 */
export async function driftOf(stack: string, options: readonly string[] = []): Promise<Preview> {
    const preview = await read(stack, ["refresh", "--preview-only", ...options]);
    if (preview.errors.length > 0) return preview;
    try {
        return mergeChanges(preview, await rulesDriftOf(stack));
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return {
            ...preview,
            unchecked: [`The rules of the environments on GitHub: ${error.message}`],
        };
    }
}

/**
 * Reads the engine's events as they come (PULUMI_ENABLE_STREAMING_JSON_PREVIEW): unlike the document that `--json` alone prints they tell a
 * secret from a text that looks like one, and have the stack's outputs and what policies say. They are not stored: they have debug messages
 * in them.
 *
 * @throws UserError where there is no `pulumi`; a preview that fails is a preview with errors.
 */
async function read(stack: string, command: readonly string[]): Promise<Preview> {
    const pulumi = spawn("pulumi", [...command, "--json", "--non-interactive", "--stack", stack], {
        env: { ...process.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
        stdio: ["ignore", "pipe", "pipe"],
    });
    const exit = new Promise<number | null>((resolve, reject) => {
        pulumi.on("error", (error) => {
            reject(
                new UserError(
                    `The command pulumi cannot be run: ${error.message}. \`. toolchain/env.sh\` puts it on the PATH.`,
                ),
            );
        });
        pulumi.on("close", resolve);
    });
    const reader = new EventReader();
    const lines = createInterface({ input: pulumi.stdout });
    lines.on("line", (line) => {
        reader.read(line);
    });
    const [status, said] = await Promise.all([exit, text(pulumi.stderr)]);
    const publisher = publisherIn(stack);
    const preview = reader.preview(stack, status === 0 ? undefined : said);
    return publisher === undefined ? preview : { ...preview, publisher };
}
