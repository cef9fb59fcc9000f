import { UserError } from "../../components/messages/userError.ts";
import { driftOf } from "../review/engine.ts";
import type { Preview } from "../review/preview.ts";

/** A resource that differs from the stack's state. */
export interface Drift {
    /** The resource's type and name, such as `Repository digits`. */
    readonly resource: string;
    /** Whether the resource was changed or no longer exists (`gone`). */
    readonly what: "changed" | "gone";
    /** The changed properties. */
    readonly properties: readonly string[];
}

/**
 * Returns what differs from the state; does not change the state.
 *
 * @throws UserError if the check failed or is incomplete
 */
export async function readDrift(stack: string): Promise<Drift[]> {
    return summarizeDrift(await driftOf(stack));
}

/**
 * Reduces the result of a check for drift to one line for each resource.
 *
 * @throws UserError if the check failed or is incomplete
 */
export function summarizeDrift({ errors, unchecked = [], changes }: Preview): Drift[] {
    const [failure] = [...errors, ...unchecked];
    if (failure !== undefined) throw new UserError(messageOf(failure));
    return changes.map(({ type, name, operation, properties }) => {
        const resource = `${type.split(":").at(-1) ?? type} ${name}`;
        return operation === "delete"
            ? { resource, what: "gone", properties: [] }
            : { resource, what: "changed", properties: properties.map(({ path }) => path) };
    });
}

/** Removes the resource and the engine's prefixes: all resources have the same error. */
function messageOf(error: string): string {
    return error.replace(/^\S+::\S+: /, "").replace(/^(?:error: )?(?:Preview failed: )?/, "");
}
