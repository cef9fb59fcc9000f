import { setTimeout } from "node:timers/promises";

/**
 * Waits until a condition holds, and checks it every 20 ms.
 *
 * @param what the condition in words, for the error.
 * @param seconds the deadline. Default: a minute.
 * @throws Error when the deadline passes.
 */
export async function until(
    condition: () => boolean | Promise<boolean>,
    what: string,
    seconds = 60,
): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await condition())) {
        if (Date.now() > deadline) throw new Error(`Not within ${String(seconds)} s: ${what}`);
        await setTimeout(20);
    }
}
