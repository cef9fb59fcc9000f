import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { EventReader } from "./events.ts";
import type { Preview } from "./preview.ts";

/**
 * `pulumi preview` of a stack. Its events are read as they come (PULUMI_ENABLE_STREAMING_JSON_PREVIEW): unlike the document that `--json`
 * alone prints they tell a secret from a text that looks like one, and have the stack's outputs and what policies say. They are not
 * stored: they have debug messages in them.
 *
 * @param options more arguments for it, as in `--policy-pack`.
 */
export async function previewStack(stack: string, options: readonly string[] = [], env: NodeJS.ProcessEnv = process.env): Promise<Preview> {
    const pulumi = spawn("pulumi", ["preview", "--json", "--non-interactive", "--stack", stack, ...options], {
        env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
        stdio: ["ignore", "pipe", "pipe"],
    });
    const exit = new Promise<number | null>((resolve, reject) => {
        pulumi.on("error", reject);
        pulumi.on("close", resolve);
    });
    const reader = new EventReader();
    const lines = createInterface({ input: pulumi.stdout });
    lines.on("line", (line) => {
        reader.read(line);
    });
    const [status, said] = await Promise.all([exit, text(pulumi.stderr)]);
    return reader.preview(stack, status === 0 ? undefined : said);
}
