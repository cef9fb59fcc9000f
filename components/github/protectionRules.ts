import { z } from "zod";
import { foreign } from "../../quay/api/text.ts";
import { UserError } from "../messages/userError.ts";
import { type Answer, bodyOf, describeRefusal, type GitHubClient } from "./client.ts";
import { isAbsent } from "./rules.ts";

/** A GitHub App that has to approve each deployment to an environment. */
export interface ProtectionRule {
    readonly id: number;
    /** The app's slug. */
    readonly app: string;
}

/** The changes that `setProtectionRules` made, by the apps' slugs. */
export interface RuleChanges {
    readonly enabled: readonly string[];
    readonly disabled: readonly string[];
}

/** docs.github.com/actions/reference/deployments-and-environments#deployment-protection-rules */
export const mostProtectionRules = 6;

/** The type of the component that keeps in the state what the last `up` set. */
export const protectionRulesType = "mlops:github:ProtectionRules";

const app = z.object({ id: z.int(), slug: z.string() });
const rulesForm = z.object({
    custom_deployment_protection_rules: z
        .array(z.object({ id: z.int(), enabled: z.boolean(), app }))
        .default([]),
});
const appsForm = z.object({
    available_custom_deployment_protection_rule_integrations: z.array(app).default([]),
});

/**
 * Reads the enabled custom deployment protection rules; undefined where the environment does not
 * exist or GitHub does not support them (404 of a GitHub Enterprise Server before 3.10).
 * https://docs.github.com/rest/deployments/protection-rules
 *
 * @param path the environment's path, from `pathOf`.
 * @throws UserError where GitHub answers with another error, and as {@link GitHubClient}.
 */
export async function readProtectionRules(
    client: GitHubClient,
    path: string,
): Promise<ProtectionRule[] | undefined> {
    const answer = await client.get(`${path}/deployment_protection_rules`);
    if (isAbsent(answer)) return undefined;
    return bodyOf(answer, rulesForm)
        .custom_deployment_protection_rules.filter(({ enabled }) => enabled)
        .map(({ id, app }) => ({ id, app: app.slug }));
}

/**
 * Sets the environment's custom deployment protection rules to exactly these apps. Enables new
 * rules before it disables others, if GitHub's limit allows it.
 *
 * @param apps the apps' slugs.
 * @param environment the environment's name, for messages.
 * @throws UserError where an app is not available, before anything is changed; where GitHub refuses
 * a rule; and as {@link GitHubClient}.
 */
export async function setProtectionRules(
    client: GitHubClient,
    path: string,
    apps: readonly string[],
    environment: string,
): Promise<RuleChanges> {
    const rules = (await readProtectionRules(client, path)) ?? [];
    const missing = apps.filter((slug) => !rules.some(({ app }) => app === slug));
    const surplus = rules.filter(({ app }) => !apps.includes(app));
    const ids = await idsOf(client, path, missing, environment, rules);
    const at = `${path}/deployment_protection_rules`;
    const enable = async (): Promise<void> => {
        for (const [slug, id] of ids) {
            const answer = await client.request("POST", at, { integration_id: id });
            if (answer.status !== 201) await requireThat(client, path, slug, true, answer);
        }
    };
    const disable = async (): Promise<void> => {
        for (const { id, app } of surplus) {
            const answer = await client.request("DELETE", `${at}/${String(id)}`);
            if (answer.status !== 204) await requireThat(client, path, app, false, answer);
        }
    };
    const fits = rules.length + missing.length <= mostProtectionRules;
    for (const step of fits ? [enable, disable] : [disable, enable]) await step();
    return { enabled: missing, disabled: surplus.map(({ app }) => app) };
}

/**
 * Returns a message about apps that are not available; undefined where all are, and where the
 * environment does not exist yet, because GitHub then does not list them.
 *
 * @throws UserError as {@link GitHubClient}.
 */
export async function findAppProblem(
    client: GitHubClient,
    path: string,
    apps: readonly string[],
    environment: string,
): Promise<string | undefined> {
    const rules = apps.length === 0 ? undefined : await readProtectionRules(client, path);
    if (rules === undefined) return undefined;
    const missing = apps.filter((slug) => !rules.some(({ app }) => app === slug));
    if (missing.length === 0) return undefined;
    return describeMissing(missing, await listApps(client, path), rules, environment);
}

/** Returns the apps' ids by slug. @throws UserError that names apps that are not available. */
async function idsOf(
    client: GitHubClient,
    path: string,
    slugs: readonly string[],
    environment: string,
    rules: readonly ProtectionRule[],
): Promise<Map<string, number>> {
    if (slugs.length === 0) return new Map();
    const available = await listApps(client, path);
    const problem = describeMissing(slugs, available, rules, environment);
    if (problem !== undefined)
        throw new UserError(`${problem} Install the app on the repository, or correct its slug.`);
    return new Map([...available].filter(([slug]) => slugs.includes(slug)));
}

/** Returns the ids of the apps that can approve deployments to the environment, by slug. */
async function listApps(client: GitHubClient, path: string): Promise<Map<string, number>> {
    const apps = new Map<string, number>();
    for await (const answer of client.pages(`${path}/deployment_protection_rules/apps`)) {
        if (answer.status !== 200) throw refusalError(answer, "the apps are not known");
        const page = bodyOf(answer, appsForm);
        for (const { slug, id } of page.available_custom_deployment_protection_rule_integrations)
            apps.set(slug, id);
    }
    return apps;
}

/** Includes apps that have a rule: it is not documented whether GitHub lists them as available. */
function describeMissing(
    slugs: readonly string[],
    available: ReadonlyMap<string, number>,
    rules: readonly ProtectionRule[],
    environment: string,
): string | undefined {
    const missing = slugs.filter((slug) => !available.has(slug));
    if (missing.length === 0) return undefined;
    const known = [...new Set([...available.keys(), ...rules.map(({ app }) => app)])].sort();
    const quoted = missing.map((slug) => JSON.stringify(slug)).join(", ");
    return (
        `The environment "${environment}": protectionRules names ${quoted}, which GitHub does ` +
        "not have among the apps that can approve deployments to this repository. Available: " +
        `${foreign(known.join(", "), 500) || "none"}.`
    );
}

/** Checks the current rules after an error: the request may have succeeded without an answer. */
async function requireThat(
    client: GitHubClient,
    path: string,
    slug: string,
    enabled: boolean,
    answer: Answer,
): Promise<void> {
    const rules = await readProtectionRules(client, path);
    if (rules?.some(({ app }) => app === slug) === enabled) return;
    const what = `the app "${slug}" is not ${enabled ? "asked" : "left out"}`;
    throw refusalError(answer, `${what} about deployments`);
}

function refusalError(answer: Answer, consequence: string): UserError {
    return new UserError(`${describeRefusal(answer)}: ${consequence}.`);
}
