import { UserError } from "../../components/userError.ts";
import { QuayError } from "../../quay/api/errors.ts";
import type { Scan } from "../../quay/api/severity.ts";
import { type Drift, readDrift } from "./drift.ts";
import { readScan } from "./scan.ts";
import { type Deployed, readState } from "./state.ts";

/** An environment on the board. What is absent was not asked or does not apply; null is what could not be told: a note says why. */
export interface Row extends Partial<Omit<Deployed, "published">> {
    /** The name of the stack. */
    readonly environment: string;
    /** The image by its digest. */
    readonly image?: string;
    readonly scan?: Scan | null;
    readonly drift?: readonly Drift[] | null;
    /** What there is to say besides. */
    readonly notes: readonly string[];
}

/** Asks the state of a stack, then Quay about its image, and the whole world about drift where that is wanted. */
export async function readRow(stack: string, withDrift: boolean): Promise<Row> {
    const notes: string[] = [];
    const noted = async <T>(what: string, answer: Promise<T>): Promise<T | null> => {
        try {
            return await answer;
        } catch (error) {
            if (!(error instanceof UserError || error instanceof QuayError)) throw error;
            notes.push(`${what}: ${error.message}`);
            return null;
        }
    };
    const deployed = await noted("state", readState(stack));
    if (!deployed) return { environment: stack, notes };
    const { published, ...row } = deployed;
    const [scan, drift] = await Promise.all([
        published && noted("scan", readScan(published)),
        withDrift ? noted("drift", readDrift(stack)) : undefined,
    ]);
    for (const { resource, what, properties } of drift ?? []) {
        notes.push(
            `drift: ${resource} is ${what}${properties.length === 0 ? "" : `: ${properties.join(", ")}`}`,
        );
    }
    return {
        ...row,
        ...(published === undefined ? {} : { image: published.image }),
        ...(scan === undefined ? {} : { scan }),
        ...(drift === undefined ? {} : { drift }),
        notes,
    };
}
