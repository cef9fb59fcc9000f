import { z } from "zod";
import { apiPath } from "./account.ts";
import { bodyOf, type GitHubClient } from "./client.ts";
import type { EnvironmentArgs } from "./environment.ts";
import { readLastState } from "./lastState.ts";
import { ownerVariable } from "./ownerVariable.ts";
import { thisStack } from "./ownership.ts";
import { listPolicies } from "./rules.ts";

/**
 * Removes objects on GitHub that are not in the state because an `up` created them without
 * receiving GitHub's answer. GitHub refuses to create them twice, so every later `up` would fail;
 * after the removal they are created again. Sends no request where the state has them.
 */

const variableForm = z.object({ value: z.string() });
const pullsForm = z.array(z.object({ number: z.int() }));

/**
 * Removes such branch and tag rules of an environment, and such a variable that names its stack.
 *
 * @param path the environment's path, from `pathOf`.
 * @throws UserError as {@link GitHubClient}.
 */
export async function removeFromEnvironment(
    client: GitHubClient,
    path: string,
    repository: string,
    { name: environment, branches = [], tags = [] }: EnvironmentArgs,
): Promise<void> {
    const known = (await readLastState())
        .map(({ outputs }) => outputs)
        .filter((last) => last["repository"] === repository && last["environment"] === environment);
    const isKnown = (key: string, value: string) => known.some((last) => last[key] === value);
    const rules = [
        ...branches.filter((name) => !isKnown("branchPattern", name)).map((n) => `branch ${n}`),
        ...tags.filter((name) => !isKnown("tagPattern", name)).map((n) => `tag ${n}`),
    ];
    for (const { id, type, name } of rules.length === 0 ? [] : await listPolicies(client, path))
        if (rules.includes(`${type} ${name}`))
            await client.request("DELETE", `${path}/deployment-branch-policies/${String(id)}`);
    if (isKnown("variableName", ownerVariable)) return;
    const ownerMark = `${path}/variables/${ownerVariable}`;
    const { body } = await client.get(ownerMark);
    if (variableForm.safeParse(body).data?.value === thisStack())
        await client.request("DELETE", ownerMark);
}

/**
 * Closes such a pull request.
 *
 * @param branch the pull request's branch, which only this stack uses.
 * @throws UserError as {@link GitHubClient}.
 */
export async function closePullRequest(
    client: GitHubClient,
    owner: string,
    repository: string,
    branch: string,
): Promise<void> {
    const type = "github:index/repositoryPullRequest:RepositoryPullRequest";
    const state = await readLastState();
    if (state.some((last) => last.type === type && last.outputs["headRef"] === branch)) return;
    const at = apiPath("repos", owner, repository, "pulls");
    const head = encodeURIComponent(`${owner}:${branch}`);
    const answer = await client.get(`${at}?state=open&head=${head}`);
    if (answer.status !== 200) return; // the provider then reports why it cannot create one
    for (const { number } of bodyOf(answer, pullsForm))
        await client.request("PATCH", `${at}/${String(number)}`, { state: "closed" });
}
