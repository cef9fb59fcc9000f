/** What GitHub Actions gives a step, and takes from it. */
import { appendFileSync } from "node:fs";
import { UserError } from "../../components/messages/userError.ts";
import { GitHubRepository, type Repository, repositoryOf } from "./github.ts";
import { currentTree } from "./reviewed.ts";

/** The job's repository, and the token that the step has for it. */
export interface Access {
    readonly repository: Repository;
    readonly token: string;
    readonly github: GitHubRepository;
}

/** Returns the access to the job's repository. @throws UserError outside of GitHub Actions */
export function accessOf(env: NodeJS.ProcessEnv): Access {
    const repository = repositoryOf(env);
    const { GITHUB_TOKEN: token } = env;
    if (!repository || !token)
        throw new UserError(
            "GITHUB_REPOSITORY and GITHUB_TOKEN have to be set, as in GitHub Actions.",
        );
    return { repository, token, github: new GitHubRepository(repository, token) };
}

/** Returns the URL of a run in GitHub Actions; undefined elsewhere. @param run default: this one */
export function runUrl(env: NodeJS.ProcessEnv, run = env["GITHUB_RUN_ID"]): string | undefined {
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
    return server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined;
}

/**
 * Returns the last line of a text about a tree, with a link to the run; undefined
 * outside of GitHub Actions.
 *
 * @param tree default: the one that is checked out.
 */
export function footerOf(env: NodeJS.ProcessEnv, tree?: string): string | undefined {
    const url = runUrl(env);
    if (url === undefined) return undefined;
    const run = `<a href="${url}">run ${env["GITHUB_RUN_ID"] ?? ""}</a>`;
    return `Tree <code>${tree ?? currentTree()}</code>, ${run}.`;
}

/** Sets the step's outputs. */
export function setOutputs(
    outputs: Readonly<Record<string, string>>,
    { GITHUB_OUTPUT: file }: NodeJS.ProcessEnv,
): void {
    if (file)
        for (const [name, value] of Object.entries(outputs))
            appendFileSync(file, `${name}=${value}\n`);
}

/** Appends to the job's summary. */
export function summarize(
    markdown: string,
    { GITHUB_STEP_SUMMARY: file }: NodeJS.ProcessEnv,
): void {
    if (file) appendFileSync(file, `${markdown}\n`);
}
