/** Runs a workflow file of a repository on this machine, in place of GitHub's runners. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../toolchain/cacheFolder.ts";
import type { GitHub } from "../github/server.ts";
import { actionsFor, type ActionsOptions } from "./actions.ts";
import { type Contexts, fillAll, holds } from "./expressions.ts";
import { type Ended, runJob } from "./job.ts";
import { type Job, readWorkflow } from "./workflowFile.ts";

/** What starts a run, and what its jobs find. */
export interface RunOptions extends Omit<ActionsOptions, "checkOut"> {
    readonly github: GitHub;
    /** OWNER/NAME. */
    readonly repository: string;
    /** The path of the workflow file. */
    readonly path: string;
    /** The full name of the branch or tag. */
    readonly ref: string;
    /** The commit that the run is for. Default: the newest one of the ref. */
    readonly commit?: string | undefined;
    readonly event?: "push" | "workflow_dispatch";
    /** The inputs of workflow_dispatch. */
    readonly inputs?: Readonly<Record<string, string>>;
    /** Further environment variables of all steps. */
    readonly env?: Readonly<Record<string, string>>;
}

/** What became of a run. */
export interface Run {
    readonly succeeded: boolean;
    /** The commit that it was for. */
    readonly commit: string;
    readonly jobs: Readonly<Record<string, Ended>>;
    readonly output: string;
    /** `error`, `warning` and `notice` lines, as GitHub shows them beside the run. */
    readonly annotations: readonly string[];
    readonly summary: string;
}

/** Runs a workflow: its jobs, one after the other. */
export async function runWorkflow(options: RunOptions): Promise<Run> {
    const folder = mkdtempSync(join(tmpdir(), "mlops-run-"));
    try {
        return await runIn(folder, options);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

async function runIn(folder: string, options: RunOptions): Promise<Run> {
    const { github, repository, path, ref } = options;
    const handle = github.repository(repository);
    const store = join(folder, "repository.git");
    const git = async (...args: string[]): Promise<string> =>
        (await promisify(execFile)("git", ["-C", store, ...args])).stdout;
    mkdirSync(store);
    await git("init", "--quiet", "--bare");
    const importing = promisify(execFile)("git", ["-C", store, "fast-import", "--quiet"]);
    importing.child.stdin?.end(handle.fastExport());
    await importing;
    const commit = (await git("rev-parse", `${options.commit ?? ref}^{commit}`)).trim();
    const workflow = readWorkflow(await git("show", `${commit}:${path}`));

    const summary = join(folder, "summary");
    let output = "";
    const jobs: Record<string, Ended> = {};
    for (const [id, job] of Object.entries(workflow.jobs)) {
        const contexts = contextsOf(job, { ...options, workflow: workflow.name, commit, jobs });
        if (!isDue(job, jobs, contexts)) {
            jobs[id] = { result: "skipped", outputs: {} };
            continue;
        }
        const machine = {
            folder: join(folder, id),
            env: environmentOf(contexts, join(folder, id), summary, options.env),
            actions: actionsFor({ ...options, checkOut: checkOutFrom(store, commit) }),
            onOutput: (text: string) => void (output += text),
        };
        prepare(machine.folder);
        jobs[id] = await runJob(job, contexts, machine);
    }
    return {
        succeeded: Object.values(jobs).every(({ result }) => result !== "failure"),
        commit,
        jobs,
        output,
        annotations: commandsIn(output).match(/^::(error|warning|notice).*$/gm) ?? [],
        summary: existsSync(summary) ? readFileSync(summary, "utf8") : "",
    };
}

/** Returns the output without what the runner was told not to take for commands. */
function commandsIn(output: string): string {
    return output.replace(/^::stop-commands::(.+)\n[^]*?^::\1::$/gm, "");
}

/** Returns whether a job runs, after the jobs that it needs. */
function isDue(job: Job, jobs: Readonly<Record<string, Ended>>, contexts: Contexts): boolean {
    const before = job.needs.map((id) => jobs[id]?.result);
    return holds(
        job.if,
        contexts,
        before.every((one) => one === "success") ? "success" : "failure",
    );
}

function contextsOf(
    job: Job,
    run: RunOptions & {
        readonly workflow: string;
        readonly commit: string;
        readonly jobs: Readonly<Record<string, Ended>>;
    },
): Contexts {
    const { github, repository, ref, event = "push", inputs = {}, commit } = run;
    const handle = github.repository(repository);
    const environment = job.environment?.name;
    const [owner = ""] = repository.split("/");
    const [, kind, name = ""] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
    return {
        github: {
            workflow: run.workflow,
            repository,
            repository_owner: owner,
            ref,
            ref_name: name,
            ref_type: kind === "tags" ? "tag" : "branch",
            sha: commit,
            event_name: event,
            run_id: "1",
            run_attempt: "1",
            server_url: github.url,
            api_url: github.url,
            token: tokenOf(job, run),
            event: {
                inputs,
                repository: { private: false, html_url: `${github.url}/${repository}` },
            },
        },
        inputs,
        runner: { temp: tmpdir(), os: "Linux", arch: "X64" },
        secrets: { ...handle.secrets(), ...(environment && handle.secrets(environment)) },
        vars: { ...handle.variables(), ...(environment && handle.variables(environment)) },
        needs: Object.fromEntries(
            job.needs.flatMap((id) => {
                const { result = "skipped", outputs = {} } = run.jobs[id] ?? {};
                return [[id, { result, outputs }]];
            }),
        ),
    };
}

/** GitHub's names of permissions in a workflow file, and in its API. */
const permissions = {
    actions: "actions",
    contents: "contents",
    deployments: "deployments",
    issues: "issues",
    "pull-requests": "pull_requests",
    statuses: "statuses",
} as const;

/** Returns a token with the permissions of a job, for its repository alone. */
function tokenOf(job: Job, { github, repository }: RunOptions): string {
    const [user = ""] = repository.split("/");
    const granted = Object.fromEntries(
        Object.entries(permissions).flatMap(([inFile, inApi]) => {
            const level = job.permissions[inFile];
            return level === undefined ? [] : [[inApi, level] as const];
        }),
    );
    return github.createToken({ user, permissions: granted, repositories: [repository] });
}

/** Returns the environment variables of a job's steps. */
function environmentOf(
    contexts: Contexts,
    folder: string,
    summary: string,
    own: Readonly<Record<string, string>> = {},
): Record<string, string> {
    const names = [
        "workflow",
        "repository",
        "repository_owner",
        "ref",
        "ref_name",
        "ref_type",
        "sha",
        "event_name",
        "run_id",
        "run_attempt",
        "server_url",
        "api_url",
    ];
    const { PATH = "", DOCKER_HOST } = process.env;
    return {
        PATH,
        HOME: folder,
        DOCKER_CONFIG: join(folder, "docker"),
        ...(DOCKER_HOST !== undefined && { DOCKER_HOST }),
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: folder,
        ...fillAll(
            Object.fromEntries(
                names.map((name) => [`GITHUB_${name.toUpperCase()}`, `\${{ github.${name} }}`]),
            ),
            contexts,
        ),
        ...own,
    };
}

/** Makes a job's folder, with Docker's plugins that the project has installed. */
function prepare(folder: string): void {
    const plugins = join(folder, "docker/cli-plugins");
    mkdirSync(plugins, { recursive: true });
    const buildx = join(cacheFolder(), "buildx/cli-plugins/docker-buildx");
    if (existsSync(buildx)) symlinkSync(buildx, join(plugins, "docker-buildx"));
}

/** Returns what stands in for actions/checkout with `fetch-depth: 0`. */
function checkOutFrom(store: string, commit: string): (folder: string) => Promise<void> {
    return async (folder) => {
        const git = promisify(execFile);
        await git("git", ["clone", "--quiet", "--no-checkout", store, folder]);
        await git("git", ["-C", folder, "checkout", "--quiet", "--detach", commit]);
    };
}
