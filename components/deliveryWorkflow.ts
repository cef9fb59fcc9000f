import { createHash } from "node:crypto";
import { posix } from "node:path";
import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { z } from "zod";
import { isStrict } from "./docker/serviceContainer.ts";
import { readAccount } from "./github/account.ts";
import { GitHubClient, readToken } from "./github/client.ts";
import { readLastState } from "./github/lastState.ts";
import { closePullRequest } from "./github/leftovers.ts";
import { isManagedBy, thisStack } from "./github/ownership.ts";
import { readFile } from "./github/lookUp.ts";
import { checkSettings, findProblem } from "./workflow/check.ts";
import { workflowFile } from "./workflow/file.ts";
import type { WorkflowSettings } from "./workflow/settings.ts";
import { failOn, orFail } from "./failOn.ts";

/** What the workflow does, and how its file comes into the repository. */
export type DeliveryWorkflowArgs = WorkflowSettings<pulumi.Input<string>> & {
    /** The GitHub repository, without its owner: that is the one of the provider's configuration (`github:owner`, GITHUB_OWNER). */
    readonly repository: string;
    /**
     * How the file is delivered: by a `commit` to the branch; or, where that is protected, by a `pullRequest` from a branch of its own, which
     * lives on after it was merged and is left to GitHub's "automatically delete head branches". What a pull request has brought in is the
     * repository's: nothing done to it by hand is seen, and destroying this closes an open pull request and removes nothing. Default: `commit`.
     */
    readonly delivery?: "commit" | "pullRequest" | undefined;
    /**
     * Overwrites a file that is there already. Otherwise that is an error, and nothing is changed. It is of importance only until the file
     * is this component's; in a pull request, whoever merges it decides. Default: false.
     */
    readonly adopt?: boolean | undefined;
};

/** A workflow file in a GitHub repository: the file at that path and nothing else is ever touched. */
export class DeliveryWorkflow extends pulumi.ComponentResource {
    /** The file, from the root of the repository. */
    readonly path: string;
    /** The branch that the workflow runs for. */
    readonly branch: string;
    /** The workflow's page on GitHub. */
    readonly url: string;
    /** The commit that brought the file as it is now: to the branch, or to the pull request's. */
    declare readonly commit: pulumi.Output<string>;
    /** The pull request's page on GitHub; undefined where the file is delivered by commit. */
    declare readonly pullRequestUrl: pulumi.Output<string | undefined>;

    /** @throws UserError where git, GitHub or the registry would refuse a setting, or GitHub's owner is not set; nothing has been sent then. */
    constructor(name: string, args: DeliveryWorkflowArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:github:DeliveryWorkflow", name, {}, opts);
        const { repository, delivery = "commit", adopt = false, ...settings } = args;
        const { path, branch } = settings;
        checkSettings(settings);
        const manager = thisStack();
        const { webUrl, owner } = readAccount();
        const page = `${webUrl}/${owner}/${repository}`;
        const known = pulumi.output(settings);
        const file = {
            repository,
            file: path,
            content: pulumi
                .all([known, failOn(known.apply(findProblem))])
                .apply(([known]) => workflowFile(known, manager)),
            commitMessage: `Deliver ${path} from ${manager}`,
        };
        this.path = path;
        this.branch = branch;
        this.url = `${page}/actions/workflows/${posix.basename(path)}`;
        if (delivery === "commit") {
            // A pull request may have brought the stack's own file. A preview asks GitHub nothing.
            const overwriteOnCreate =
                adopt || pulumi.runtime.isDryRun()
                    ? adopt
                    : orFail(readFile(readAccount().owner, repository, path, branch, this)).apply(
                          (found) => found !== undefined && isManagedBy(found, manager),
                      );
            const committed = new github.RepositoryFile(
                name,
                { ...file, branch, overwriteOnCreate },
                { parent: this, ignoreChanges: ["overwriteOnCreate"] }, // of importance at creation alone
            );
            this.commit = committed.commitSha;
            this.pullRequestUrl = pulumi.output(undefined);
        } else {
            orFail(this.#release(name, { repository, file: path, branch }));
            // A new branch for each change: one that was merged would conflict with the next change,
            // or bring nothing back where the file is to be as it was before. Merging mostly deletes
            // the branch, and a deletion of what is gone would fail, so neither it nor the file on it
            // is deleted here.
            const suffix = new random.RandomString(
                name,
                {
                    length: 10,
                    special: false,
                    upper: false,
                    keepers: { content: file.content.apply(hashOf) },
                },
                { parent: this },
            );
            const head = new github.Branch(
                name,
                {
                    repository,
                    branch: pulumi.interpolate`pulumi/${posix.parse(path).name}-${suffix.result}`,
                    sourceBranch: branch,
                },
                { parent: this, retainOnDelete: true, replaceOnChanges: ["branch"] }, // the provider would rename it
            );
            const committed = new github.RepositoryFile(
                `${name}-proposed`,
                { ...file, branch: head.branch, overwriteOnCreate: true },
                { parent: this, retainOnDelete: true },
            );
            const pullRequest = new github.RepositoryPullRequest(
                name,
                {
                    baseRepository: repository,
                    baseRef: branch,
                    headRef: pulumi.runtime.isDryRun()
                        ? head.branch
                        : head.branch.apply((from) => this.#makeWay(repository, from)),
                    title: `Deliver ${path}`,
                    body: `The workflow that \`pulumi up\` of ${manager} declares.`,
                },
                { parent: this, dependsOn: committed },
            );
            this.commit = committed.commitSha;
            this.pullRequestUrl = pulumi.interpolate`${page}/pull/${pullRequest.number}`;
        }
        this.registerOutputs({
            // A review of a later change tells by it that the container is locked down no more.
            strict: isStrict(settings.health.container ?? {}),
            path: this.path,
            branch: this.branch,
            url: this.url,
            commit: this.commit,
            pullRequestUrl: this.pullRequestUrl,
        });
    }

    /** The branch, once there is no open pull request from it that the stack does not know of. */
    #makeWay(repository: string, branch: string): pulumi.Output<string> {
        const account = readAccount();
        const client = new GitHubClient(account, readToken(account));
        return orFail(
            closePullRequest(client, account.owner, repository, branch).then(() => branch),
        );
    }

    /**
     * Leaves a file that this stack has committed where it is, for the pull request to change: it
     * would be deleted, and a merge of the same content would not bring it back. The engine drops
     * a resource from the stack, and keeps the thing itself, where the program reads it by the id
     * that it has (https://www.pulumi.com/docs/iac/concepts/resources/get/).
     */
    async #release(name: string, file: CommittedFile): Promise<void> {
        const found = (await readLastState()).find(
            (last) => last.type === fileType && last.name === name,
        );
        const { data: known } = committedForm.safeParse(found?.outputs);
        if (known?.branch !== file.branch || known.file !== file.file) return;
        github.RepositoryFile.get(name, known.id, { ...file }, { parent: this });
    }
}

interface CommittedFile {
    readonly repository: string;
    readonly file: string;
    readonly branch: string;
}

const fileType = "github:index/repositoryFile:RepositoryFile";
/** A file that is only read has no `overwriteOnCreate`. */
const committedForm = z.object({
    id: z.string(),
    file: z.string(),
    branch: z.string(),
    overwriteOnCreate: z.boolean(),
});

function hashOf(content: string): string {
    return createHash("sha256").update(content).digest("hex");
}
