import { fastExport } from "./fastExport.ts";
import type { Commit } from "./git.ts";
import type {
    CommitStatus,
    Deployment,
    Dispatch,
    Environment,
    Issue,
    Protection,
    Repository,
    Ruleset,
    Vault,
    WorkflowRun,
} from "./model.ts";
import { merge, type Pull, pullsOf } from "./pulls.ts";
import { signature, type State } from "./state.ts";

/** Contents by path. undefined removes the file. */
export type Files = Readonly<Record<string, string | Buffer | undefined>>;

/** A test's access to a repository, without the API and its rules. */
export class RepositoryHandle {
    readonly id: number;
    private readonly state: State;
    private readonly repository: Repository;

    constructor(state: State, repository: Repository) {
        this.id = repository.id;
        this.state = state;
        this.repository = repository;
    }

    /** Returns the content of each file of a branch, by path. */
    files(branch = this.repository.defaultBranch): Readonly<Record<string, string>> {
        const { git } = this.repository;
        return Object.fromEntries(
            [...(git.head(branch)?.files ?? [])].map(([path, sha]) => [
                path,
                git.blob(sha).toString(),
            ]),
        );
    }

    /** Returns the commits of a branch, newest first. */
    commits(branch = this.repository.defaultBranch): readonly Commit[] {
        const head = this.repository.git.head(branch);
        return head === undefined ? [] : this.repository.git.history(head);
    }

    branches(): readonly string[] {
        return this.repository.git.branches();
    }

    /** Returns the environments by name. */
    environments(): Readonly<Record<string, Environment>> {
        return Object.fromEntries(
            [...this.repository.environments.values()].map((environment) => [
                environment.name,
                environment,
            ]),
        );
    }

    /**
     * Returns the secrets by name, as a workflow would get them: an environment's or the
     * repository's.
     */
    secrets(environment?: string): Readonly<Record<string, string>> {
        return values(this.vault(environment).secrets);
    }

    variables(environment?: string): Readonly<Record<string, string>> {
        return values(this.vault(environment).variables);
    }

    /** Returns the pull requests, oldest first. */
    pulls(): readonly Pull[] {
        return pullsOf(this.repository);
    }

    /** Lets time pass since an issue or a pull request was opened. @param seconds how much */
    age(number: number, seconds: number): void {
        const issue = this.repository.issues.get(number);
        if (issue === undefined) throw new Error(`there is no issue ${String(number)}`);
        for (const date of [issue.created, ...(issue.pull?.baseChanges ?? [])])
            date.setTime(date.getTime() - seconds * 1000);
    }

    /** Returns the issues that are not pull requests, oldest first. */
    issues(): readonly Issue[] {
        return [...this.repository.issues.values()].filter(({ pull }) => pull === undefined);
    }

    /** Returns the bodies of the comments on an issue or a pull request, oldest first. */
    comments(number: number): readonly string[] {
        return [...this.repository.comments.values()]
            .filter(({ issue }) => issue === number)
            .map(({ body }) => body);
    }

    /**
     * Adds an artifact that a workflow run has uploaded. By default it is the workflow of reviews,
     * on the default branch.
     *
     * @returns the run's id
     */
    uploadArtifact(
        name: string,
        {
            created = new Date(),
            expired = false,
            workflow = "review.yml",
            event = "workflow_run",
            branch = this.repository.defaultBranch,
            repository: headRepository = undefined as number | undefined,
        } = {},
    ): number {
        const id = this.addRun(workflow, event, "completed", { branch, created });
        const sha = this.commits(branch)[0]?.sha ?? "";
        const run = { id, headSha: sha, headBranch: branch, headRepository };
        this.repository.artifacts.push({ id: this.state.nextId(), name, expired, created, run });
        return id;
    }

    deployments(): readonly Deployment[] {
        return [...this.repository.deployments.values()];
    }

    /** Adds a run of a workflow, for the newest commit of a branch. @returns its id */
    addRun(
        workflow: string,
        event: string,
        status: string,
        { branch = this.repository.defaultBranch, created = new Date() } = {},
    ): number {
        const id = this.state.nextId();
        const sha = this.commits(branch)[0]?.sha ?? "";
        const conclusion = status === "completed" ? "success" : null;
        this.repository.runs.push({
            id,
            workflow,
            event,
            status,
            conclusion,
            sha,
            branch,
            created,
        });
        return id;
    }

    /** Returns the runs, oldest first. */
    runs(): readonly WorkflowRun[] {
        return this.repository.runs;
    }

    /** Returns the statuses of all commits, oldest first. */
    statuses(): readonly CommitStatus[] {
        return this.repository.statuses;
    }

    /** Returns the workflows that were started by the API, oldest first. */
    dispatches(): readonly Dispatch[] {
        return this.repository.dispatches;
    }

    /** Commits to a branch as the repository's owner. A missing branch is created. */
    commit(
        files: Files,
        { message = "By hand", branch = this.repository.defaultBranch } = {},
    ): Commit {
        const { git, owner } = this.repository;
        const changes = Object.entries(files).map(
            ([path, content]) =>
                [path, typeof content === "string" ? Buffer.from(content) : content] as const,
        );
        const author = signature(owner);
        return git.commitTo(branch, new Map(changes), { message, author, committer: author });
    }

    createBranch(name: string, from = this.repository.defaultBranch): void {
        const head = this.repository.git.head(from);
        if (head === undefined) throw new Error(`there is no branch ${from}`);
        this.repository.git.setRef(`refs/heads/${name}`, head.sha, true);
    }

    /** Tags a commit, as somebody does who pushes a git tag. */
    createTag(name: string, sha: string): void {
        this.repository.git.setRef(`refs/tags/${name}`, sha, false);
    }

    /** Returns the repository as `git fast-import` reads it. */
    fastExport(): Buffer {
        return fastExport(this.repository.git);
    }

    /** Protects the branch. Default: changes require a pull request, for administrators as well. */
    protect(branch = this.repository.defaultBranch, changed: Partial<Protection> = {}): void {
        this.repository.protections.set(branch, {
            enforceAdmins: true,
            requiredApprovals: 1,
            exempt: [],
            statusChecks: [],
            signatures: false,
            locked: false,
            pushers: undefined,
            ...changed,
        });
    }

    /** Takes the branch's protection away. */
    unprotect(branch = this.repository.defaultBranch): void {
        this.repository.protections.delete(branch);
    }

    /** Creates an active ruleset for the default branch. @param rules by GitHub's names */
    addRuleset(name: string, rules: readonly string[], changed: Partial<Ruleset> = {}): void {
        const id = this.state.nextId();
        this.repository.rulesets.set(id, {
            id,
            name,
            branches: [this.repository.defaultBranch],
            rules,
            exempt: [],
            exemptInPullRequests: false,
            ...changed,
        });
    }

    archive(): void {
        this.repository.archived = true;
    }

    /**
     * Merges a pull request as the owner of the repository or its organization, despite any
     * protection.
     */
    merge(number: number): void {
        const pull = this.pulls().find((candidate) => candidate.number === number);
        if (pull === undefined) throw new Error(`there is no pull request ${String(number)}`);
        const owner = this.state.owner(this.repository);
        const [first = owner.login] = owner.kind === "Organization" ? owner.owners : [owner.login];
        merge(this.repository, pull, first);
    }

    /** Comments on an issue or a pull request. */
    comment(number: number, author: string, body: string): void {
        const now = new Date();
        const id = this.state.nextId();
        this.repository.comments.set(id, {
            id,
            issue: number,
            author,
            body,
            created: now,
            updated: now,
        });
    }

    setSecret(name: string, value: string, environment?: string): void {
        const { secrets } = this.vault(environment);
        const now = new Date();
        secrets.set(name, {
            name,
            value,
            created: secrets.get(name)?.created ?? now,
            updated: now,
        });
    }

    deleteSecret(name: string, environment?: string): void {
        this.vault(environment).secrets.delete(name);
    }

    /** Installs a GitHub App that can decide about deployments. @returns its id */
    installProtectionApp(slug: string): number {
        const id = this.state.nextId();
        this.repository.protectionApps.set(id, { id, slug });
        return id;
    }

    deleteEnvironment(name: string): void {
        this.repository.environments.delete(name.toLowerCase());
    }

    private vault(environment: string | undefined): Vault {
        if (environment === undefined) return this.repository;
        const found = this.repository.environments.get(environment.toLowerCase());
        if (found === undefined) throw new Error(`there is no environment ${environment}`);
        return found;
    }
}

function values(
    entries: ReadonlyMap<string, { readonly value: string }>,
): Readonly<Record<string, string>> {
    return Object.fromEntries([...entries].map(([name, { value }]) => [name, value]));
}
