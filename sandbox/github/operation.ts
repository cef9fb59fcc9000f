import type { Needs } from "./access.ts";
import type { Answer } from "./answers.ts";
import type { Call } from "./call.ts";
import type { Permission, Role } from "./model.ts";

/** The implementation of an operation of GitHub's description. */
export interface Operation {
    readonly needs: Needs;
    readonly answer: (call: Call) => Answer | Promise<Answer>;
}

/** By the operationId of the description. */
export type Operations = Readonly<Record<string, Operation>>;

/** An operation that every token may use. */
export function open(answer: Operation["answer"]): Operation {
    return { needs: { permissions: ["metadata"], level: "read", role: "read" }, answer };
}

/**
 * An operation that reads.
 *
 * @param permission one, or several of which any suffices
 * @param role that the user must have on the repository
 */
export function reading(
    permission: Permission | readonly Permission[],
    answer: Operation["answer"],
    role: Role = "read",
): Operation {
    return { needs: { permissions: anyOf(permission), level: "read", role }, answer };
}

/** An operation that writes. @param permission one, or several of which any suffices */
export function writing(
    permission: Permission | readonly Permission[],
    role: Role,
    answer: Operation["answer"],
): Operation {
    return { needs: { permissions: anyOf(permission), level: "write", role }, answer };
}

function anyOf(permission: Permission | readonly Permission[]): readonly Permission[] {
    return typeof permission === "string" ? [permission] : permission;
}
