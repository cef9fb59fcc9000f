import { z } from "zod";
import { json, unprocessable } from "../answers.ts";
import type { Call } from "../call.ts";
import type { CommitStatus } from "../model.ts";
import { type Operations, reading, writing } from "../operation.ts";
import { accountView, nodeId, repositoryUrl, time } from "../views.ts";

const newStatus = z.object({
    state: z.enum(["error", "failure", "pending", "success"]),
    context: z.string().default("default"),
    description: z.string().nullish(),
    target_url: z.string().nullish(),
});

export const statusOperations: Operations = {
    "repos/create-commit-status": writing("statuses", "push", (call) => {
        const { state, context, description, target_url: targetUrl } = call.body(newStatus);
        const sha = call.param("sha");
        if (call.repository.git.commit(sha) === undefined)
            throw unprocessable(`No commit found for SHA: ${sha}`);
        if ((description ?? "").length > 140)
            throw unprocessable("Validation failed: Description is too long");
        const status = {
            id: call.state.nextId(),
            sha,
            context,
            state,
            description: description ?? null,
            targetUrl: targetUrl ?? null,
            creator: call.login,
            created: new Date(),
        };
        call.repository.statuses.push(status);
        return json(201, statusView(call, status));
    }),

    "repos/list-commit-statuses-for-ref": reading("statuses", (call) => {
        const commit = call.repository.git.resolve(call.param("ref"));
        const statuses = call.repository.statuses
            .filter(({ sha }) => sha === commit?.sha)
            .toReversed();
        const { items, headers } = call.page(statuses);
        return json(
            200,
            items.map((status) => statusView(call, status)),
            headers,
        );
    }),
};

function statusView(call: Call, status: CommitStatus): object {
    const { id, sha, state, description, targetUrl, context, creator, created } = status;
    const account = call.state.account(creator);
    return {
        url: `${repositoryUrl(call.urls, call.repository)}/statuses/${sha}`,
        avatar_url: null,
        id,
        node_id: nodeId("StatusContext", id),
        state,
        description,
        target_url: targetUrl,
        context,
        created_at: time(created),
        updated_at: time(created),
        creator: account === undefined ? null : accountView(call.urls, account),
    };
}
