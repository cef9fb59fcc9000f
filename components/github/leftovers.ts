import { z } from "zod";
import { bodyOf, type GitHubClient } from "./client.ts";
import type { EnvironmentArgs } from "./environment.ts";
import { readLastState } from "./lastState.ts";
import { ownerVariable, thisStack } from "./ownership.ts";
import { listPolicies } from "./rules.ts";

/**
 * What an `up` has made without getting GitHub's answer is on GitHub and not in the state. GitHub
 * refuses to make it twice, so no later `up` would ever get on. These remove it, so that it is made
 * again. Where the state has it, nothing is asked.
 */

const variableForm = z.object({ value: z.string() });
const pullsForm = z.array(z.object({ number: z.int() }));

/**
 * Removes such branch and tag rules of an environment, and such a note of who manages it.
 *
 * @param path of the environment, as `pathOf` makes it.
 * @throws UserError as the client does
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
    const note = `${path}/variables/${ownerVariable}`;
    const { body } = await client.get(note);
    if (variableForm.safeParse(body).data?.value === thisStack())
        await client.request("DELETE", note);
}

/**
 * Closes such a pull request.
 *
 * @param branch that it comes from: one of this stack alone.
 * @throws UserError as the client does
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
    const at = `repos/${encodeURIComponent(owner)}/${encodeURIComponent(repository)}/pulls`;
    const head = encodeURIComponent(`${owner}:${branch}`);
    const answer = await client.get(`${at}?state=open&head=${head}`);
    if (answer.status !== 200) return; // the provider says why it cannot make one
    for (const { number } of bodyOf(answer, pullsForm))
        await client.request("PATCH", `${at}/${String(number)}`, { state: "closed" });
}
