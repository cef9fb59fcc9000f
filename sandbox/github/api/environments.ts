import { z } from "zod";
import { type Answer, json, notFound, nothing, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import type {
    BranchPolicy,
    Environment,
    Organization,
    ProtectionApp,
    Reviewer,
    Team,
} from "../model.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { newVault } from "../vault.ts";
import { accountView, nodeId, repositoryPage, repositoryUrl, teamView, time } from "../views.ts";

const settings = z.object({
    wait_timer: z.number().nullish(),
    prevent_self_review: z.boolean().nullish(),
    reviewers: z.array(z.object({ type: z.enum(["User", "Team"]), id: z.number() })).nullish(),
    can_admins_bypass: z.boolean().nullish(),
    deployment_branch_policy: z
        .object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() })
        .nullish(),
});

const mostReviewers = 6;
/** https://docs.github.com/actions/reference/deployments-and-environments */
const mostProtectionRules = 6;

export const environmentOperations: Operations = {
    "repos/get-all-environments": reading("actions", (call) => {
        const all = [...call.repository.environments.values()];
        const { items, headers } = call.page(all);
        return json(
            200,
            {
                total_count: all.length,
                environments: items.map((environment) => environmentView(call, environment)),
            },
            headers,
        );
    }),

    "repos/get-environment": reading("actions", (call) =>
        json(200, environmentView(call, environmentOf(call))),
    ),

    "repos/create-or-update-environment": writing("administration", "admin", (call) => {
        const name = call.param("environment_name");
        if (name.length > 255 || /[\p{Cc}'"`,;\\]/u.test(name))
            throw unprocessable("Environment name is invalid");
        const body = call.body(settings);
        const environment =
            call.repository.environments.get(name.toLowerCase()) ?? create(call, name);
        apply(call, environment, body);
        return json(200, environmentView(call, environment));
    }),

    "repos/delete-an-environment": writing("administration", "admin", (call) => {
        call.repository.environments.delete(environmentOf(call).name.toLowerCase());
        return nothing();
    }),

    "repos/list-deployment-branch-policies": reading("actions", (call) => {
        const policies = [...environmentOf(call).policies.values()];
        const { items, headers } = call.page(policies);
        return json(
            200,
            { total_count: policies.length, branch_policies: items.map(policyView) },
            headers,
        );
    }),

    "repos/create-deployment-branch-policy": writing("administration", "admin", (call) => {
        const body = call.body(
            z.object({ name: z.string(), type: z.enum(["branch", "tag"]).default("branch") }),
        );
        const { policies, deploysFrom } = environmentOf(call);
        // Environments that allow all branches or the protected ones have no policies.
        if (deploysFrom !== "custom") throw notFound();
        if (
            [...policies.values()].some(
                ({ name, type }) => name === body.name && type === body.type,
            )
        )
            return nothing(303);
        const policy = { id: call.state.nextId(), ...body };
        policies.set(policy.id, policy);
        return json(200, policyView(policy));
    }),

    "repos/get-deployment-branch-policy": reading("actions", (call) =>
        json(200, policyView(policyOf(call))),
    ),

    "repos/update-deployment-branch-policy": writing("administration", "admin", (call) => {
        const policy = { ...policyOf(call), ...call.body(z.object({ name: z.string() })) };
        environmentOf(call).policies.set(policy.id, policy);
        return json(200, policyView(policy));
    }),

    "repos/delete-deployment-branch-policy": writing("administration", "admin", (call): Answer => {
        environmentOf(call).policies.delete(policyOf(call).id);
        return nothing();
    }),

    "repos/get-all-deployment-protection-rules": reading("actions", (call) => {
        const rules = [...environmentOf(call).protectionRules.keys()];
        return json(200, {
            total_count: rules.length,
            custom_deployment_protection_rules: rules.map((id) => protectionRuleView(call, id)),
        });
    }),

    "repos/list-custom-deployment-rule-integrations": reading(
        "actions",
        (call) => {
            const enabled = [...environmentOf(call).protectionRules.values()];
            const available = [...call.repository.protectionApps.values()].filter(
                (app) => !enabled.includes(app),
            );
            const { items, headers } = call.page(available);
            return json(
                200,
                {
                    total_count: available.length,
                    available_custom_deployment_protection_rule_integrations: items.map((app) =>
                        protectionAppView(call, app),
                    ),
                },
                headers,
            );
        },
        "admin",
    ),

    "repos/create-deployment-protection-rule": writing("administration", "admin", (call) => {
        const { integration_id: app } = call.body(
            z.object({ integration_id: z.number().default(0) }),
        );
        const { protectionRules: rules } = environmentOf(call);
        const installed = call.repository.protectionApps.get(app);
        if (installed === undefined) throw unprocessable("The app is not installed");
        if ([...rules.values()].includes(installed))
            throw unprocessable("The deployment protection rule is enabled already");
        if (rules.size >= mostProtectionRules)
            throw unprocessable("An environment can have up to six deployment protection rules");
        requirePlan(call, "custom deployment", ["enterprise"]);
        const id = call.state.nextId();
        rules.set(id, installed);
        return json(201, protectionRuleView(call, id));
    }),

    "repos/get-custom-deployment-protection-rule": reading("actions", (call) =>
        json(200, protectionRuleView(call, call.id("protection_rule_id"))),
    ),

    "repos/disable-deployment-protection-rule": writing("administration", "admin", (call) => {
        if (!environmentOf(call).protectionRules.delete(call.id("protection_rule_id")))
            throw notFound();
        return nothing();
    }),
};

/** Returns the path's environment. */
export function environmentOf(call: Call): Environment {
    const environment = call.repository.environments.get(
        call.param("environment_name").toLowerCase(),
    );
    if (environment === undefined) throw notFound();
    return environment;
}

function create(call: Call, name: string): Environment {
    const environment: Environment = {
        ...newVault(),
        id: call.state.nextId(),
        name,
        created: new Date(),
        updated: new Date(),
        waitTimer: 0,
        preventSelfReview: false,
        reviewers: [],
        canAdminsBypass: true,
        deploysFrom: undefined,
        policies: new Map(),
        protectionRules: new Map(),
    };
    call.repository.environments.set(name.toLowerCase(), environment);
    return environment;
}

/** Applies the settings. Omitted ones are reset. The environment exists even if one is refused. */
function apply(call: Call, environment: Environment, body: z.infer<typeof settings>): void {
    const { deployment_branch_policy: branches, reviewers = [], wait_timer: waitTimer } = body;
    if (branches && branches.protected_branches === branches.custom_branch_policies) {
        throw unprocessable(
            "protected_branches and custom_branch_policies cannot have the same value",
        );
    }
    if ((reviewers?.length ?? 0) > mostReviewers)
        throw unprocessable("An environment can have up to six reviewers");
    if (reviewers && reviewers.length > 0) requirePlan(call, "required reviewers", ["enterprise"]);
    if (waitTimer) requirePlan(call, "wait timer", ["enterprise"]);
    if (branches) requirePlan(call, "branch policy", ["pro", "team", "enterprise"]);
    for (const reviewer of reviewers ?? []) {
        if (reviewerView(call, reviewer) === undefined)
            throw unprocessable(`The reviewer ${reviewer.type} ${String(reviewer.id)} is unknown`);
    }
    environment.waitTimer = waitTimer ?? 0;
    environment.preventSelfReview = body.prevent_self_review ?? false;
    environment.reviewers = reviewers ?? [];
    environment.canAdminsBypass = body.can_admins_bypass ?? true;
    environment.deploysFrom = branches
        ? branches.custom_branch_policies
            ? "custom"
            : "protected"
        : undefined;
    environment.updated = new Date();
    if (environment.deploysFrom !== "custom") environment.policies.clear();
}

/** Checks the plan: public repositories can have all rules; private ones, those of the plan. */
function requirePlan(call: Call, rule: string, plans: readonly string[]): void {
    if (!call.repository.private || plans.includes(call.state.owner(call.repository).plan)) return;
    throw unprocessable(
        "Failed to create the environment protection rule. " +
            `Please ensure the billing plan supports the ${rule} protection rule.`,
    );
}

function environmentView(call: Call, environment: Environment): object {
    const { id, name, waitTimer, reviewers, preventSelfReview, deploysFrom } = environment;
    const rule = (type: string, more: object = {}): object => ({
        id,
        node_id: nodeId(type, id),
        type,
        ...more,
    });
    const encodedName = encodeURIComponent(name);
    const deployments = `${repositoryPage(call.urls, call.repository)}/deployments`;
    const views = reviewers.map((reviewer) => ({
        type: reviewer.type,
        reviewer: reviewerView(call, reviewer),
    }));
    return {
        id,
        node_id: nodeId("Environment", id),
        name,
        url: `${repositoryUrl(call.urls, call.repository)}/environments/${encodedName}`,
        html_url: `${deployments}/activity_log?environments_filter=${encodedName}`,
        created_at: time(environment.created),
        updated_at: time(environment.updated),
        can_admins_bypass: environment.canAdminsBypass,
        protection_rules: [
            ...(waitTimer > 0 ? [rule("wait_timer", { wait_timer: waitTimer })] : []),
            ...(views.length > 0
                ? [
                      rule("required_reviewers", {
                          prevent_self_review: preventSelfReview,
                          reviewers: views,
                      }),
                  ]
                : []),
            ...(deploysFrom === undefined ? [] : [rule("branch_policy")]),
        ],
        deployment_branch_policy:
            deploysFrom === undefined
                ? null
                : {
                      protected_branches: deploysFrom === "protected",
                      custom_branch_policies: deploysFrom === "custom",
                  },
    };
}

function reviewerView(call: Call, { type, id }: Reviewer): object | undefined {
    if (type === "User") {
        const user = call.state.userById(id);
        return user && accountView(call.urls, user);
    }
    const owner = call.state.owner(call.repository);
    if (owner.kind === "User") return undefined;
    const team = teamById(owner, id);
    return team && teamView(call.urls, owner, team);
}

function teamById({ teams }: Organization, id: number): Team | undefined {
    return [...teams.values()].find((team) => team.id === id);
}

function policyOf(call: Call): BranchPolicy {
    const policy = environmentOf(call).policies.get(call.id("branch_policy_id"));
    if (policy === undefined) throw notFound();
    return policy;
}

function policyView({ id, name, type }: BranchPolicy): object {
    return { id, node_id: nodeId("GateBranchPolicy", id), name, type };
}

function protectionRuleView(call: Call, id: number): object {
    const app = environmentOf(call).protectionRules.get(id);
    if (app === undefined) throw notFound();
    return { id, node_id: nodeId("Gate", id), enabled: true, app: protectionAppView(call, app) };
}

function protectionAppView({ urls }: Call, { id, slug }: ProtectionApp): object {
    return {
        id,
        slug,
        integration_url: `${urls.api}/apps/${slug}`,
        node_id: nodeId("Integration", id),
    };
}
