import { createHash } from "node:crypto";
import { posix } from "node:path";
import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { z } from "zod";
import { isStrict } from "./docker/serviceContainer.ts";
import { readAccount } from "./github/account.ts";
import { GitHubClient, readToken } from "./github/client.ts";
import { type LastResource, readLastState } from "./github/lastState.ts";
import { closePullRequest } from "./github/leftovers.ts";
import { isManagedBy, thisStack } from "./github/ownership.ts";
import { commitOfTag, readFile } from "./github/lookUp.ts";
import type { Action } from "./workflow/actions.ts";
import { checkSettings, findProblem } from "./workflow/check.ts";
import { workflowFile } from "./workflow/file.ts";
import { newerPins, withPins } from "./workflow/newerPins.ts";
import type { WorkflowSettings } from "./workflow/settings.ts";
import { failOnProblem, failOnRejection } from "./messages/failProgram.ts";

/**
 * What the workflow does, and how its file is delivered to the repository. Settings that are plain
 * values, not inputs, are checked before anything is declared; `delivery` and `adopt` decide which
 * resources there are, and their options.
 */
export type DeliveryWorkflowArgs = WorkflowSettings<pulumi.Input<string>> & {
    /**
     * The GitHub repository's name, without its owner. The owner is the GitHub provider's
     * (`github:owner`, GITHUB_OWNER).
     */
    readonly repository: pulumi.Input<string>;
    /**
     * How the file is delivered: by a `commit` to the branch, or by a `pullRequest` where the
     * branch is protected. Default: `commit`.
     *
     * A pull request comes from a branch of its own. That branch is never deleted here; GitHub's
     * "automatically delete head branches" does it after a merge. Changes made by hand to a merged
     * file are not detected. Destroying the component closes an open pull request; it does not
     * remove a merged file.
     */
    readonly delivery?: "commit" | "pullRequest" | undefined;
    /**
     * Whether a `commit` overwrites a file that exists already and that this stack did not write.
     * Where false, such a file is an error and stays as it is. Has no effect once the stack manages
     * the file, nor on a pull request. Default: false.
     */
    readonly adopt?: boolean | undefined;
};

/**
 * A workflow file in a GitHub repository. Touches the file at this path only.
 *
 * @example
 * const workflow = new DeliveryWorkflow("build", {
 *     repository: "model",
 *     name: "Build",
 *     job: "build",
 *     path: ".github/workflows/build.yml",
 *     branch: "main",
 *     image: "quay.io/acme/model",
 *     login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
 *     health: { port: 8080, path: "/health" },
 *     build: { context: "service" },
 * });
 */
export class DeliveryWorkflow extends pulumi.ComponentResource {
    /** The file's path, from the root of the repository. */
    readonly path: string;
    /** The branch that the workflow runs for. */
    readonly branch: string;
    /** The URL of the workflow's page on GitHub. */
    declare readonly url: pulumi.Output<string>;
    /** The SHA of the last commit of the file, on the branch or on the pull request's branch. */
    declare readonly commit: pulumi.Output<string>;
    /** The URL of the pull request; undefined where the file is delivered by commit. */
    declare readonly pullRequestUrl: pulumi.Output<string | undefined>;

    /**
     * @throws UserError where git, GitHub or the registry would refuse a setting, or where GitHub's
     * owner is not set. Nothing has been sent to GitHub then.
     */
    constructor(name: string, args: DeliveryWorkflowArgs, opts?: pulumi.ComponentResourceOptions) {
        super("mlops:github:DeliveryWorkflow", name, {}, opts);
        const { repository, delivery = "commit", adopt = false, ...settings } = args;
        const { path, branch } = settings;
        checkSettings(settings);
        const manager = thisStack();
        const { webUrl, owner } = readAccount();
        const page = pulumi.interpolate`${webUrl}/${owner}/${repository}`;
        const known = pulumi.output(settings);
        const place = { repository, file: path, branch };
        const present = pulumi
            .output(repository)
            .apply((known) => failOnRejection(readFile(owner, known, path, branch, this)));
        const file = {
            repository,
            file: path,
            content: pulumi
                .all([known, place, present, failOnProblem(known.apply(findProblem))])
                .apply(([known, place, present]) => {
                    const own = workflowFile(known, manager, webUrl);
                    return failOnRejection(this.#keepNewerPins(own, present, place));
                }),
            commitMessage: `Deliver ${path} from ${manager}`,
        };
        this.path = path;
        this.branch = branch;
        this.url = pulumi.interpolate`${page}/actions/workflows/${posix.basename(path)}`;
        if (delivery === "commit") {
            // A merged pull request may have created the stack's own file: overwrite that one.
            // A review and its deployment have to preview the same, whatever their tokens may read.
            const overwriteOnCreate =
                adopt || pulumi.runtime.isDryRun()
                    ? adopt
                    : present.apply((found) => found !== undefined && isManagedBy(found, manager));
            const committed = new github.RepositoryFile(
                name,
                { ...file, branch, overwriteOnCreate },
                { parent: this, ignoreChanges: ["overwriteOnCreate"] }, // matters only at creation
            );
            this.commit = committed.commitSha;
            this.pullRequestUrl = pulumi.output(undefined);
        } else {
            failOnRejection(this.#release(name, place));
            // Each change gets a new branch. A merged branch would conflict with the next change,
            // or have nothing to merge where a change is reverted. A merge usually deletes the
            // branch, and deleting it again would fail: the branch and its file are retained.
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
                // Without replaceOnChanges the provider would rename the branch.
                { parent: this, retainOnDelete: true, replaceOnChanges: ["branch"] },
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
                        : pulumi
                              .all([repository, head.branch])
                              .apply(([known, from]) => this.#closeUnknown(known, from)),
                    title: `Deliver ${path}`,
                    body: `The workflow that \`pulumi up\` of ${manager} declares.`,
                },
                { parent: this, dependsOn: committed },
            );
            this.commit = committed.commitSha;
            this.pullRequestUrl = pulumi.interpolate`${page}/pull/${pullRequest.number}`;
        }
        this.registerOutputs({
            // Kept for reviews: they compare it, to report a container that stops being strict.
            strict: isStrict(settings.health.container ?? {}),
            path: this.path,
            branch: this.branch,
            url: this.url,
            commit: this.commit,
            pullRequestUrl: this.pullRequestUrl,
        });
    }

    /**
     * Returns the file with the newer releases of its actions that the present one has: a bot
     * updates them by pull requests in the service's repository. Only what the action's repository
     * has tagged as that release is kept: anybody who may change the file could name a commit.
     */
    async #keepNewerPins(
        file: string,
        found: string | undefined,
        place: pulumi.Unwrap<CommittedFile>,
    ): Promise<string> {
        const last = async () => lastContent(await readLastState(), place);
        // What may not be read, as in the preview of a pull request, is as the stack last saw it.
        const present = found ?? (await last());
        if (present === undefined || !isManagedBy(present, thisStack())) return file;
        const newer = newerPins(file, present);
        const confirmed = await Promise.all(newer.map((pin) => this.#isRelease(pin)));
        const kept = newer.filter((_, index) => confirmed[index]);
        const wanted = withPins(file, kept);
        if (kept.length === 0) return wanted;
        // Where the pins alone differ from what this stack wrote, there is nothing to write.
        const written = await last();
        return written !== undefined && withPins(written, kept) === wanted ? written : wanted;
    }

    async #isRelease({ repository, release, commit }: Action): Promise<boolean> {
        if ((await commitOfTag(repository, release, this)) === commit) return true;
        const text =
            `The workflow's file has ${repository}@${commit} as ${release}, which GitHub does ` +
            "not confirm: it gets the release that this program pins.";
        void pulumi.log.warn(text, this);
        return false;
    }

    /**
     * Closes an open pull request from the branch that is not in the state: GitHub would refuse a
     * second one. Returns the branch.
     */
    #closeUnknown(repository: string, branch: string): pulumi.Output<string> {
        const account = readAccount();
        const client = new GitHubClient(account, readToken(account));
        return failOnRejection(
            closePullRequest(client, account.owner, repository, branch).then(() => branch),
        );
    }

    /**
     * Drops the file that this stack committed from the state, and keeps the file itself, when the
     * delivery changes to pull requests. Otherwise the engine would delete the file, and merging
     * the same content would not restore it. Reading the resource by its id does this
     * (https://www.pulumi.com/docs/iac/concepts/resources/get/).
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
    readonly repository: pulumi.Input<string>;
    readonly file: string;
    readonly branch: string;
}

const fileType = "github:index/repositoryFile:RepositoryFile";
/** The outputs of a committed file. One that was only read has no `overwriteOnCreate`. */
const committedForm = z.object({
    id: z.string(),
    file: z.string(),
    branch: z.string(),
    overwriteOnCreate: z.boolean(),
});

const contentForm = z.object({ repository: z.string(), file: z.string(), content: z.string() });

/** Returns the text of the file that the stack last wrote; undefined where there is none. */
function lastContent(
    state: readonly LastResource[],
    { repository, file }: pulumi.Unwrap<CommittedFile>,
): string | undefined {
    return state
        .filter(({ type }) => type === fileType)
        .map(({ outputs }) => contentForm.safeParse(outputs).data)
        .find((last) => last?.repository === repository && last.file === file)?.content;
}

function hashOf(content: string): string {
    return createHash("sha256").update(content).digest("hex");
}
