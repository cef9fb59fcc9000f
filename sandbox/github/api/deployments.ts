import { z } from "zod";
import { json, notFound, unprocessable, validationFailed } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Deployment, DeploymentStatus } from "../model.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { accountView, nodeId, repositoryUrl, time } from "../views.ts";

const newDeployment = z.object({
    ref: z.string(),
    task: z.string().default("deploy"),
    environment: z.string().default("production"),
    description: z.string().nullish(),
    payload: z.unknown().optional(),
    auto_merge: z.boolean().default(true),
});
const newStatus = z.object({
    state: z.string(),
    description: z.string().default(""),
    environment_url: z.string().default(""),
    log_url: z.string().optional(),
    target_url: z.string().default(""),
    auto_inactive: z.boolean().default(true),
});

export const deploymentOperations: Operations = {
    "repos/list-deployments": reading("deployments", (call) => {
        const deployments = [...call.repository.deployments.values()]
            .filter((deployment) =>
                (["sha", "ref", "task", "environment"] as const).every(
                    (name) => (call.query.get(name) ?? deployment[name]) === deployment[name],
                ),
            )
            .toReversed();
        const { items, headers } = call.page(deployments);
        return json(
            200,
            items.map((deployment) => deploymentView(call, deployment)),
            headers,
        );
    }),

    "repos/create-deployment": writing("deployments", "push", (call) => {
        const {
            ref,
            auto_merge: autoMerge,
            description = null,
            payload = "",
            ...rest
        } = call.body(newDeployment);
        const { git, defaultBranch, deployments } = call.repository;
        const commit = git.resolve(ref);
        if (commit === undefined) throw unprocessable(`No ref found for: ${ref}`);
        const main = git.head(defaultBranch);
        const behind =
            git.head(ref) !== undefined &&
            main !== undefined &&
            !git.history(commit).includes(main);
        if (autoMerge && behind)
            throw new Error("merging the default branch for a deployment is not served here");
        const [created, creator] = [new Date(), call.login];
        const id = call.state.nextId();
        const deployment = {
            ...rest,
            id,
            ref,
            sha: commit.sha,
            description,
            payload,
            creator,
            created,
            updated: created,
            statuses: [],
        };
        deployments.set(id, deployment);
        return json(201, deploymentView(call, deployment));
    }),

    "repos/get-deployment": reading("deployments", (call) =>
        json(200, deploymentView(call, deploymentOf(call))),
    ),

    "repos/list-deployment-statuses": reading("deployments", (call) => {
        const deployment = deploymentOf(call);
        const { items, headers } = call.page(deployment.statuses.toReversed());
        return json(
            200,
            items.map((status) => statusView(call, deployment, status)),
            headers,
        );
    }),

    "repos/create-deployment-status": writing("deployments", "push", (call) => {
        const deployment = deploymentOf(call);
        const body = call.body(newStatus);
        if (body.description.length > 140)
            throw validationFailed({
                resource: "DeploymentStatus",
                code: "custom",
                field: "description",
            });
        const status = addStatus(call, deployment, body.state, body);
        if (body.state === "success" && body.auto_inactive) retire(call, deployment);
        return json(201, statusView(call, deployment, status));
    }),
};

function deploymentOf(call: Call): Deployment {
    const deployment = call.repository.deployments.get(call.id("deployment_id"));
    if (deployment === undefined) throw notFound();
    return deployment;
}

function addStatus(
    call: Call,
    deployment: Deployment,
    state: string,
    texts: z.infer<typeof newStatus>,
): DeploymentStatus {
    const status = {
        id: call.state.nextId(),
        state,
        creator: call.login,
        description: texts.description,
        environmentUrl: texts.environment_url,
        logUrl: texts.log_url ?? texts.target_url,
        created: new Date(),
    };
    deployment.statuses.push(status);
    deployment.updated = status.created;
    return status;
}

/** Makes the deployments inactive that a successful one replaces. */
function retire(call: Call, current: Deployment): void {
    for (const deployment of call.repository.deployments.values()) {
        if (deployment === current || deployment.environment !== current.environment) continue;
        if (deployment.statuses.at(-1)?.state === "success")
            addStatus(call, deployment, "inactive", newStatus.parse({ state: "inactive" }));
    }
}

function deploymentView(call: Call, deployment: Deployment): object {
    const { id, sha, ref, task, environment, description, payload, creator, created, updated } =
        deployment;
    const repository = repositoryUrl(call.urls, call.repository);
    const url = `${repository}/deployments/${String(id)}`;
    return {
        id,
        node_id: nodeId("Deployment", id),
        url,
        repository_url: repository,
        statuses_url: `${url}/statuses`,
        sha,
        ref,
        task,
        payload,
        environment,
        original_environment: environment,
        description,
        creator: accountView(call.urls, call.state.user(creator)),
        transient_environment: false,
        production_environment: environment === "production",
        created_at: time(created),
        updated_at: time(updated),
    };
}

function statusView(
    call: Call,
    { id: deployment, environment }: Deployment,
    status: DeploymentStatus,
): object {
    const repository = repositoryUrl(call.urls, call.repository);
    const url = `${repository}/deployments/${String(deployment)}`;
    return {
        id: status.id,
        node_id: nodeId("DeploymentStatus", status.id),
        url: `${url}/statuses/${String(status.id)}`,
        deployment_url: url,
        repository_url: repository,
        state: status.state,
        creator: accountView(call.urls, call.state.user(status.creator)),
        description: status.description,
        environment,
        environment_url: status.environmentUrl,
        log_url: status.logUrl,
        target_url: status.logUrl,
        created_at: time(status.created),
        updated_at: time(status.created),
    };
}
