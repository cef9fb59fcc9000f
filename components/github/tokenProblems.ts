/** What the token in GITHUB_TOKEN lacks for a delivery. */
import { z } from "zod";
import type { GitHubAccount } from "./account.ts";
import { type Answer, howToGetToken } from "./client.ts";
import type { Delivery, Problem } from "./delivery.ts";

/** What the token's account may do with a repository. */
export const permissionsForm = z.object({
    admin: z.boolean(),
    push: z.boolean(),
    pull: z.boolean(),
});
type Permissions = z.infer<typeof permissionsForm>;

/**
 * Returns a problem where the token cannot read the repository: no other check is possible then.
 */
export function findAccessProblem(
    account: GitHubAccount,
    { repository, setting }: Delivery,
    { status, headers }: Answer,
): Problem | undefined {
    if (status === 200) return undefined;
    if (status === 401) {
        const what =
            "GitHub does not accept the token in GITHUB_TOKEN (401): it has expired, " +
            "was revoked, or never was one.";
        return { what, fix: howToGetToken(account.webUrl) };
    }
    const singleSignOn = /url=(\S+)/.exec(headers.get("x-github-sso") ?? "")?.[1];
    if (singleSignOn !== undefined) {
        return {
            what:
                `${account.owner} wants the token in GITHUB_TOKEN authorized for its ` +
                "single sign-on.",
            fix: `Do so at ${singleSignOn}`,
        };
    }
    if (status !== 404)
        return { what: `GitHub answers ${String(status)}.`, fix: "Try again later." };
    return {
        what: "There is no such repository, or the token in GITHUB_TOKEN may not see it (404).",
        fix:
            `Check github:owner = ${account.owner} and ${setting}.repository = ${repository}. ` +
            "A fine-grained token must be made for this owner and name the repository; " +
            "a classic one needs the scope repo for a private one.",
    };
}

/** Finds missing scopes of a classic token. Other tokens have no scopes. */
export function findScopeProblems({ webUrl }: GitHubAccount, { headers }: Answer): Problem[] {
    const scopes = headers.get("x-oauth-scopes")?.split(/, */);
    const missing =
        scopes === undefined ? [] : ["repo", "workflow"].filter((scope) => !scopes.includes(scope));
    return missing.map((scope) => ({
        what:
            `The token in GITHUB_TOKEN lacks the scope "${scope}", which ` +
            (scope === "repo"
                ? "the file and the secrets need."
                : "files in .github/workflows need."),
        fix:
            `Add it at ${webUrl}/settings/tokens, or with \`gh auth refresh --scopes ${scope}\` ` +
            "where the token is that of the gh command.",
    }));
}

/** Says which role the token's account lacks. */
export function findRoleProblems(
    { owner, webUrl }: GitHubAccount,
    { repository, environment }: Delivery,
    permissions: Permissions | undefined,
): Problem[] {
    const [needed, role, why] =
        environment === undefined
            ? (["push", "Write", "files and secrets"] as const)
            : (["admin", "Admin", "environments"] as const);
    // An app's token has no role: all values are false, even `pull`.
    if (permissions?.[needed] !== false || !permissions.pull) return [];
    const fix = `An admin gives it at ${webUrl}/${owner}/${repository}/settings/access`;
    return [
        {
            what:
                `The account of the token in GITHUB_TOKEN does not have the role ${role} on it, ` +
                `which ${why} need.`,
            fix,
        },
    ];
}

/**
 * Finds missing permissions of a fine-grained token. GitHub does not list them, but a token that
 * cannot read something cannot write it either.
 */
export function findPermissionProblems(
    { environment, delivery }: Delivery,
    answers: readonly (Answer | undefined)[],
): Problem[] {
    if (!answers.some((answer) => answer?.status === 403)) return [];
    const needed = [
        "Contents",
        "Workflows",
        ...(environment === undefined ? ["Secrets"] : ["Environments", "Administration"]),
        ...(delivery === "pullRequest" ? ["Pull requests"] : []),
    ];
    const what = "The token in GITHUB_TOKEN lacks permissions on it.";
    return [
        {
            what,
            fix: `Give it these repository permissions, to read and write: ${needed.join(", ")}.`,
        },
    ];
}
