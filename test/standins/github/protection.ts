import { conflict, unprocessable } from "./answers.ts";
import type { Call } from "./call.ts";

/** Refuses a change of a protected branch, but for an administrator of a repository whose rules are not for them. */
export function requireUnprotected(call: Call, branch: string, message: string): void {
    if (isProtected(call, branch)) throw unprocessable(message);
}

/** The same for a commit that the contents API would make. @param what it could not do, as in "create file". */
export function requireCommittable(call: Call, branch: string, what: string): void {
    if (isProtected(call, branch))
        throw conflict(`Could not ${what}: Changes must be made through a pull request.`);
}

/** Whether the branch is protected from the caller. */
export function isProtected(call: Call, branch: string): boolean {
    const protection = call.repository.protections.get(branch);
    return protection !== undefined && (protection.enforceAdmins || call.role !== "admin");
}
