import type { Source } from "./source.ts";
import type { PromotionStack } from "./stack.ts";
import { versionsAfter } from "./versions.ts";

/** A version that the stack before has, and that is newer than the stack's. */
export interface Candidate {
    readonly version: string;
    readonly digest: string;
    /** Why it may not be promoted now, in one sentence. Undefined: it may. */
    readonly problem: string | undefined;
}

/**
 * Finds the newest version that may be promoted now; if none may, the newest one, with what it
 * waits for. Undefined where the stack before has nothing newer.
 */
export async function findCandidate(
    source: Source,
    { version: present, promoteFrom }: PromotionStack,
): Promise<Candidate | undefined> {
    const tags = await source.tags();
    let waiting: Candidate | undefined;
    for (const version of versionsAfter([...tags.keys()], present)) {
        const digest = tags.get(version) ?? "";
        const problem = await source.problemOf(digest, promoteFrom);
        const candidate = { version, digest, problem };
        if (problem === undefined) return candidate;
        waiting ??= candidate;
    }
    return waiting;
}
