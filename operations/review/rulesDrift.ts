import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { exportStack, readConfig } from "../pulumiCli.ts";
import { accountIn } from "../../components/github/account.ts";
import { GitHubClient, readToken } from "../../components/github/client.ts";
import {
    type ProtectionRule,
    protectionRulesType,
    readProtectionRules,
} from "../../components/github/protectionRules.ts";
import {
    compareRules,
    listPolicies,
    pathOf,
    readRules,
    type RuleDifference,
    rulesOf,
} from "../../components/github/rules.ts";
import type { Change, Preview, PropertyChange, Value } from "./preview.ts";
import { compare, isObject } from "./properties.ts";
import { type Names, nameReviewers, reviewerNames } from "./reviewers.ts";

const environmentType = "github:index/repositoryEnvironment:RepositoryEnvironment";
const policyType =
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy";

const resource = z.object({
    urn: z.string(),
    type: z.string(),
    id: z.string().default(""),
    parent: z.string().default(""),
    delete: z.boolean().default(false),
    retainOnDelete: z.boolean().default(false),
    inputs: z.record(z.string(), z.json()).default({}),
    outputs: z.unknown().optional(),
});
const stateForm = z.object({
    deployment: z.object({ resources: z.array(resource).default([]) }).nullish(),
});
const location = z.object({ repository: z.string(), environment: z.string() });

type Resource = z.infer<typeof resource>;

/**
 * Returns how the rules of a stack's environments on GitHub differ from its state. The GitHub
 * provider does not detect two cases: all reviewers removed, and branch or tag rules added.
 *
 * @throws UserError if the account or GITHUB_TOKEN is missing, or GitHub does not answer
 */
export async function rulesDriftOf(stack: string): Promise<Change[]> {
    const resources = resourcesIn(await exportStack(stack));
    if (!resources.some(({ type }) => type === environmentType)) return [];
    const config = await readConfig(stack);
    const account = accountIn((key) => config[`github:${key}`], stack);
    const client = new GitHubClient(account, readToken(account));
    return compareWithGitHub(client, account.owner, resources);
}

/** Returns the resources of an exported state, except those that wait for their deletion. */
export function resourcesIn(exported: string | undefined): Resource[] {
    const { deployment } = stateForm.parse(JSON.parse(exported ?? "{}"));
    return (deployment?.resources ?? []).filter((resource) => !resource.delete);
}

/**
 * Compares the environments among the resources with GitHub.
 *
 * @throws UserError as the client does
 */
export async function compareWithGitHub(
    client: GitHubClient,
    owner: string,
    resources: readonly Resource[],
): Promise<Change[]> {
    const names = reviewerNames(resources.map(({ type, outputs }) => ({ type, old: { outputs } })));
    const changes = await Promise.all(
        resources
            .filter(({ type }) => type === environmentType)
            .map(async (environment): Promise<Change[]> => {
                const at = location.parse(environment.inputs);
                const path = pathOf(owner, at.repository, at.environment);
                const found = await readRules(client, path);
                // The refresh detects a deleted environment.
                if (found === undefined) return [];
                const policies =
                    found.deploymentBranchPolicy?.customBranchPolicies === true
                        ? await listPolicies(client, path)
                        : [];
                const declared = resources
                    .filter(({ type }) => type === policyType)
                    .map(({ inputs }) => inputs)
                    .filter(isOf(at));
                const apps = resources
                    .filter(({ type }) => type === protectionRulesType)
                    .map(({ inputs }) => inputs)
                    .find(isOf(at));
                const protection =
                    apps && protectionChange(apps, await readProtectionRules(client, path));
                const properties = [
                    ...addedTo("branches", declared, "branchPattern", policies, "branch"),
                    ...(protection ?? []),
                    ...ruleChanges(compareRules(rulesOf(environment.inputs), found), names),
                    ...addedTo("tags", declared, "tagPattern", policies, "tag"),
                ];
                return properties.length === 0 ? [] : [changeOf(environment, properties)];
            }),
    );
    return changes.flat();
}

/** Adds to the preview of a refresh the changes that the refresh does not detect. */
export function mergeChanges(preview: Preview, found: readonly Change[]): Preview {
    const added = found.filter(({ urn }) => !preview.changes.some((change) => change.urn === urn));
    const changes = preview.changes.map((change) => {
        const other = found.find(({ urn }) => urn === change.urn);
        if (other === undefined || change.operation !== "update") return change;
        const known = new Set(change.properties.map(({ path }) => propertyOf(path)));
        const properties = other.properties.filter(({ path }) => !known.has(propertyOf(path)));
        return { ...change, properties: [...change.properties, ...properties] };
    });
    return {
        ...preview,
        changes: [...changes, ...added].sort((a, b) => (a.urn < b.urn ? -1 : 1)),
        unchanged: preview.unchanged.filter(({ urn }) => !added.some((other) => other.urn === urn)),
    };
}

/** Returns the property that contains a path: `reviewers[0].users` → `reviewers`. */
export function propertyOf(path: string): string {
    return path.split(/[.[]/, 1)[0] ?? path;
}

function isOf(at: z.infer<typeof location>) {
    return ({ repository, environment }: Resource["inputs"]): boolean =>
        repository === at.repository && environment === at.environment;
}

/** Compares the apps that have to approve deployments with those that the last `up` set. */
function protectionChange(
    inputs: Resource["inputs"],
    rules: readonly ProtectionRule[] = [],
): PropertyChange[] {
    const before = z.array(z.string()).parse(inputs["apps"]);
    const after = rules.map(({ app }) => app).sort();
    return isDeepStrictEqual(before, after)
        ? []
        : [{ path: "protectionRules", before, after, replaces: false }];
}

function changeOf(environment: Resource, properties: PropertyChange[]): Change {
    const { urn, type, id, parent, retainOnDelete } = environment;
    return {
        urn,
        type,
        name: urn.slice(urn.lastIndexOf("::") + 2),
        parent,
        operation: "update",
        id,
        retained: retainOnDelete,
        properties,
        before: {},
        after: {},
    };
}

function ruleChanges(differences: readonly RuleDifference[], names: Names): PropertyChange[] {
    const side = (of: "declared" | "found") => ({
        inputs: nameReviewers(
            environmentType,
            Object.fromEntries(
                differences.flatMap((difference) => {
                    const value = difference[of];
                    if (value === undefined) return [];
                    const { property } = difference;
                    return [[property, inputOf(property, z.json().parse(value))] as const];
                }),
            ),
            names,
        ),
        outputs: {},
    });
    return compare(side("declared"), side("found"), []);
}

/** The provider has the reviewers in a list of one item. */
function inputOf(property: string, value: Value): Value {
    return property === "reviewers" && isObject(value) ? [value] : value;
}

/** Returns the patterns that were added; the refresh detects a removed one. */
function addedTo(
    path: string,
    declared: readonly Readonly<Record<string, Value>>[],
    key: string,
    found: readonly { readonly name: string; readonly type: string }[],
    kind: string,
): PropertyChange[] {
    const patterns = new Set(declared.map((inputs) => inputs[key]));
    const names = found.filter(({ type }) => type === kind).map(({ name }) => name);
    const before = names.filter((name) => patterns.has(name));
    const added = names.filter((name) => !patterns.has(name));
    if (added.length === 0) return [];
    return [{ path, before, after: [...before, ...added], replaces: false }];
}
