import { conflict, unprocessable } from "./answers.ts";
import type { Call } from "./call.ts";
import type { Ruleset } from "./model.ts";

/** Refuses a push if the branch's protection or rulesets stop the caller. */
export function requireUnprotected(call: Call, branch: string, message: string): void {
    if (whatStops(call, branch) !== undefined) throw unprocessable(message);
}

/**
 * Refuses a commit by the contents API for the same reasons.
 * @param what failed, for example "create file"
 */
export function requireCommittable(call: Call, branch: string, what: string): void {
    const reason = whatStops(call, branch);
    if (reason !== undefined) throw conflict(`Could not ${what}: ${reason}`);
}

/** Returns whether the branch is protected from the caller. */
export function isProtected(call: Call, branch: string): boolean {
    return whatStops(call, branch) !== undefined;
}

/** Returns whether the API calls the branch protected: with any protection or ruleset at all. */
export function hasProtection({ repository }: Call, branch: string): boolean {
    return repository.protections.has(branch) || rulesetsOf(repository, branch).length > 0;
}

export function rulesetsOf(
    { rulesets }: { readonly rulesets: ReadonlyMap<number, Ruleset> },
    branch: string,
): readonly Ruleset[] {
    return [...rulesets.values()].filter(({ branches }) => branches.includes(branch));
}

export function canBypass(
    { exempt, exemptInPullRequests }: Ruleset,
    login: string | undefined,
): "always" | "pull_requests_only" | "never" {
    if (login === undefined || !exempt.includes(login)) return "never";
    return exemptInPullRequests ? "pull_requests_only" : "always";
}

const reviews = "Changes must be made through a pull request.";
/**
 * The rules that stop a commit to the branch. Others, such as `non_fast_forward`, do not stop it.
 */
const stopping: Readonly<Record<string, string>> = {
    pull_request: reviews,
    update: "Cannot update this protected ref.",
    required_status_checks: "Required status checks are expected.",
    required_signatures: "Commits must have verified signatures.",
};

/** Returns why the caller cannot commit to the branch. undefined if it can. */
function whatStops(call: Call, branch: string): string | undefined {
    const login = call.token?.user;
    const rule = rulesetsOf(call.repository, branch)
        .filter((ruleset) => canBypass(ruleset, login) !== "always")
        .flatMap(({ rules }) => rules)
        .find((type) => Object.hasOwn(stopping, type));
    if (rule !== undefined) return stopping[rule];
    const protection = call.repository.protections.get(branch);
    if (protection === undefined || (!protection.enforceAdmins && call.role === "admin"))
        return undefined;
    const { requiredApprovals, exempt, statusChecks, signatures, locked, pushers } = protection;
    const is = (logins: readonly string[]) => login !== undefined && logins.includes(login);
    if (locked) return "Cannot change this locked branch.";
    if (pushers !== undefined && !is(pushers))
        return "You're not authorized to push to this branch.";
    if (requiredApprovals !== undefined && !is(exempt)) return reviews;
    if (statusChecks.length > 0) return stopping["required_status_checks"];
    return signatures ? stopping["required_signatures"] : undefined;
}
