import { UserError } from "../../components/userError.ts";
import { QuayError } from "../../quay/api/errors.ts";
import type { Scan } from "../../quay/api/severity.ts";
import { type Drift, readDrift } from "./drift.ts";
import { readScan } from "./scan.ts";
import { type Deployed, readState } from "./state.ts";

/**
 * An environment on the board. A field is absent if it was not requested or does not apply, and
 * null if it could not be determined; then a note says why.
 */
export interface Row extends Partial<Omit<Deployed, "published">> {
    /** The name of the stack. */
    readonly environment: string;
    /** The image with its digest, REPOSITORY@sha256:… */
    readonly image?: string;
    readonly scan?: Scan | null;
    readonly drift?: readonly Drift[] | null;
    /** Problems and drift, one sentence each. */
    readonly notes: readonly string[];
}

/** Reads a stack's state, its image's scan from Quay and, if requested, its drift. */
export async function readRow(stack: string, withDrift: boolean): Promise<Row> {
    const notes: string[] = [];
    const orNote = async <T>(what: string, answer: Promise<T>): Promise<T | null> => {
        try {
            return await answer;
        } catch (error) {
            if (!(error instanceof UserError || error instanceof QuayError)) throw error;
            notes.push(`${what}: ${error.message}`);
            return null;
        }
    };
    const deployed = await orNote("state", readState(stack));
    if (!deployed) return { environment: stack, notes };
    const { published, ...row } = deployed;
    const [scan, drift] = await Promise.all([
        published && orNote("scan", readScan(published)),
        withDrift ? orNote("drift", readDrift(stack)) : undefined,
    ]);
    for (const { resource, what, properties } of drift ?? []) {
        const list = properties.length === 0 ? "" : `: ${properties.join(", ")}`;
        notes.push(`drift: ${resource} is ${what}${list}`);
    }
    return {
        ...row,
        ...(published === undefined ? {} : { image: published.image }),
        ...(scan === undefined ? {} : { scan }),
        ...(drift === undefined ? {} : { drift }),
        notes,
    };
}
