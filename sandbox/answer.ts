import { setTimeout } from "node:timers/promises";

/**
 * Returns the answer of a server that may just be starting. Waits up to a minute for a success
 * status.
 *
 * @throws Error if there is none.
 */
export async function answerOf(url: string): Promise<string> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
        try {
            const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
            if (response.ok) return await response.text();
        } catch {
            // It does not listen yet.
        }
        await setTimeout(200);
    }
    throw new Error(`${url} did not answer within a minute`);
}
