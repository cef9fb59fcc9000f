import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { UserError } from "../../components/messages/userError.ts";
import { EventReader } from "./events.ts";
import { isProductionIn, publisherIn } from "../../configuration/delivery.ts";
import { excludeLocalImages, notFound, requireLogin, saysNoStack } from "../pulumiCli.ts";
import type { Preview } from "./preview.ts";
import { mergeChanges, rulesDriftOf } from "./rulesDrift.ts";

/**
 * Runs `pulumi preview` of a stack.
 *
 * @param options more arguments for it, such as `--policy-pack`.
 * @param environment of the command. Default: this program's.
 */
export async function previewStack(
    stack: string,
    options: readonly string[] = [],
    environment: NodeJS.ProcessEnv = process.env,
): Promise<Preview> {
    return read(stack, ["preview", ...options], environment);
}

/**
 * Returns what differs from the stack's state, as changes; does not change the state. It does not
 * run the program, so that merged but not deployed changes are no drift, and takes half as long as
 * `pulumi preview --refresh`. The images of a Docker engine are left out. What cannot be read from
 * GitHub is `unchecked`.
 *
 * @param options more arguments for `pulumi refresh`, such as `--target`.
 */
export async function driftOf(stack: string, options: readonly string[] = []): Promise<Preview> {
    const command = ["refresh", "--preview-only", ...excludeLocalImages];
    const preview = await read(stack, [...command, ...options], process.env);
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
 * Reads the engine's events as a stream (PULUMI_ENABLE_STREAMING_JSON_PREVIEW). Unlike the document
 * that `--json` alone prints, they mark secrets and include the stack's outputs and policy
 * violations. They are not stored: they contain debug messages.
 *
 * @returns the preview; with `errors` if it failed.
 * @throws UserError if `pulumi` cannot be run, or is not logged in
 */
async function read(
    stack: string,
    command: readonly string[],
    environment: NodeJS.ProcessEnv,
): Promise<Preview> {
    const pulumi = spawn("pulumi", [...command, "--json", "--non-interactive", "--stack", stack], {
        env: { ...environment, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
        stdio: ["ignore", "pipe", "pipe"],
    });
    const exit = new Promise<number | null>((resolve, reject) => {
        pulumi.on("error", (error) => {
            reject(
                new UserError(
                    "code" in error && error.code === "ENOENT"
                        ? notFound
                        : `The command pulumi cannot be run: ${error.message}.`,
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
    const [status, stderr] = await Promise.all([exit, text(pulumi.stderr)]);
    requireLogin(stderr);
    const publisher = publisherIn(stack);
    const preview = reader.preview(stack, status === 0 ? undefined : reasonIn(stderr, stack));
    return {
        ...preview,
        errors: preview.errors.map(withVariable),
        ...(publisher !== undefined && { publisher }),
        ...(isProductionIn(stack) && { isProduction: true }),
    };
}

/** The engine's error; where the stack does not exist, the command that creates it. */
function reasonIn(error: string, stack: string): string {
    return saysNoStack(error)
        ? `The stack "${stack}" does not exist yet. Create it: pulumi stack init ${stack}`
        : error;
}

/** Names the variable with the token that GitHub refuses: the provider's error does not. */
function withVariable(error: string): string {
    return error.includes("401 Bad credentials")
        ? `${error}\nGitHub refuses the token in GITHUB_TOKEN: set another one.`
        : error;
}
