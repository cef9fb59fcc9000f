/** Waits for a time, or for a change of an object on a cluster. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Place, placeOptions } from "./kubectl.ts";

/** The time, in milliseconds. */
export interface Clock {
    now(): number;
    sleep(time: number): Promise<unknown>;
}

/** The system's clock. */
export const systemClock: Clock = { now: () => Date.now(), sleep: (time) => delay(time) };

/** A clock whose sleep ends early when an object changes. */
export interface WatchingClock extends Clock {
    /** Ends the watch. */
    stop(): void;
}

/**
 * Has `kubectl` watch an object, for ten minutes: it must not outlive a program that is killed by
 * much. Without a watch, the sleep of the clock has its full time.
 *
 * @param object as `kubectl` names it: `deployment/NAME`.
 */
export function watchingClock(place: Place, object: string): WatchingClock {
    const options = ["--watch-only", "--output=name", "--request-timeout=10m"];
    const watch = spawn("kubectl", [...placeOptions(place), "get", object, ...options], {
        stdio: ["ignore", "pipe", "ignore"],
    });
    watch.on("error", () => undefined);
    let isChanged = false;
    watch.stdout.on("data", () => (isChanged = true));
    return {
        now: () => Date.now(),
        sleep: async (time) => {
            const slept = new AbortController();
            const { signal } = slept;
            const changed = isChanged ? Promise.resolve() : once(watch.stdout, "data", { signal });
            await Promise.race([changed, delay(time, undefined, { signal })].map(ignoreAbort));
            slept.abort();
            isChanged = false;
        },
        stop: () => watch.kill(),
    };
}

/** What lost the race ends with an error. */
async function ignoreAbort(waiting: Promise<unknown>): Promise<void> {
    await waiting.catch(() => undefined);
}
