import type { Git } from "./git.ts";

/** The plan of an account, which decides the features of its private repositories. */
export type Plan = "free" | "pro" | "team" | "enterprise";

/** The roles on a repository, in ascending order. */
export const roles = ["read", "push", "admin"] as const;
export type Role = (typeof roles)[number];

/** The permissions of a fine-grained token, by their names in X-Accepted-GitHub-Permissions. */
export type Permission =
    | "metadata"
    | "contents"
    | "workflows"
    | "environments"
    | "secrets"
    | "actions_variables"
    | "actions"
    | "administration"
    | "pull_requests"
    | "issues"
    | "deployments"
    | "statuses";
export type Level = "read" | "write";
export type Grants = Readonly<Partial<Record<Permission, Level>>>;

interface AccountBase {
    readonly id: number;
    readonly login: string;
    readonly plan: Plan;
    readonly created: Date;
}

export interface User extends AccountBase {
    readonly kind: "User";
}

export interface Team {
    readonly id: number;
    readonly name: string;
    /** Logins. */
    readonly members: ReadonlySet<string>;
}

export interface Organization extends AccountBase {
    readonly kind: "Organization";
    /** Logins. An owner administers every repository. */
    readonly owners: ReadonlySet<string>;
    readonly teams: Map<string, Team>;
}

export type Account = User | Organization;

export interface ClassicToken {
    readonly kind: "classic";
    readonly user: string;
    readonly scopes: ReadonlySet<string>;
}

export interface FineGrainedToken {
    readonly kind: "fine-grained";
    readonly user: string;
    readonly permissions: Grants;
    /** OWNER/NAME of the repositories that it applies to. undefined: all of the user's. */
    readonly repositories: ReadonlySet<string> | undefined;
}

export type Token = ClassicToken | FineGrainedToken;

/** The key pair that secrets are encrypted with. */
export interface SealingKey {
    readonly id: string;
    readonly publicKey: Uint8Array;
    readonly privateKey: Uint8Array;
}

export interface Secret {
    readonly name: string;
    readonly value: string;
    readonly created: Date;
    readonly updated: Date;
}

export interface Variable {
    readonly name: string;
    readonly value: string;
    readonly created: Date;
    readonly updated: Date;
}

/** Secrets and variables. A repository has its own, and so does each of its environments. */
export interface Vault {
    readonly key: SealingKey;
    /** By the name in upper case, as GitHub stores them. */
    readonly secrets: Map<string, Secret>;
    readonly variables: Map<string, Variable>;
}

export interface Reviewer {
    readonly type: "User" | "Team";
    readonly id: number;
}

export interface BranchPolicy {
    readonly id: number;
    readonly name: string;
    readonly type: "branch" | "tag";
}

/** A GitHub App that can decide about deployments. */
export interface ProtectionApp {
    readonly id: number;
    readonly slug: string;
}

export interface Environment extends Vault {
    readonly id: number;
    readonly name: string;
    readonly created: Date;
    updated: Date;
    /** In minutes. */
    waitTimer: number;
    preventSelfReview: boolean;
    reviewers: readonly Reviewer[];
    canAdminsBypass: boolean;
    /**
     * The branches that may deploy: all (undefined), the protected ones, or those of the policies.
     */
    deploysFrom: "protected" | "custom" | undefined;
    readonly policies: Map<number, BranchPolicy>;
    /** The apps that must approve a deployment, by the rule's id. */
    readonly protectionRules: Map<number, ProtectionApp>;
}

/** The protection of a branch. A rule that is not set is off. */
export interface Protection {
    /** Whether the rules apply to administrators, too. */
    readonly enforceAdmins: boolean;
    /** Requires a pull request with that many approvals. undefined: requires no pull request. */
    readonly requiredApprovals: number | undefined;
    /** Logins that do not need a pull request. */
    readonly exempt: readonly string[];
    readonly statusChecks: readonly string[];
    readonly signatures: boolean;
    readonly locked: boolean;
    /** Logins that may push. undefined: everybody with write access. */
    readonly pushers: readonly string[] | undefined;
}

/** An active ruleset for branches. */
export interface Ruleset {
    readonly id: number;
    readonly name: string;
    /** Branches by name. */
    readonly branches: readonly string[];
    /** By GitHub's names: `pull_request`, `non_fast_forward`, … */
    readonly rules: readonly string[];
    /** Logins that it does not apply to. */
    readonly exempt: readonly string[];
    /** Whether they are exempt in their pull requests only. */
    readonly exemptInPullRequests: boolean;
}

export interface Label {
    readonly id: number;
    readonly name: string;
    readonly color: string;
    readonly description: string | null;
}

export interface Comment {
    readonly id: number;
    readonly issue: number;
    readonly author: string;
    body: string;
    readonly created: Date;
    updated: Date;
}

/** The head and the base of a pull request. */
export interface PullRequest {
    readonly id: number;
    readonly head: string;
    base: string;
    /** When the base was changed. */
    readonly baseChanges: Date[];
    readonly draft: boolean;
    maintainerCanModify: boolean;
    /** The base when the pull request was opened. */
    baseSha: string;
    /** The head when the pull request was closed. */
    headSha: string;
    merged:
        | {
              readonly commit: string;
              readonly onto: string;
              readonly by: string;
              readonly date: Date;
          }
        | undefined;
}

/** An issue. Every pull request is one. */
export interface Issue {
    readonly id: number;
    readonly number: number;
    readonly author: string;
    title: string;
    body: string | null;
    state: "open" | "closed";
    stateReason: string | null;
    labels: readonly string[];
    readonly created: Date;
    updated: Date;
    closed: Date | null;
    readonly pull: PullRequest | undefined;
}

/** The status of a commit, as a check outside of GitHub Actions sets it. */
export interface CommitStatus {
    readonly id: number;
    readonly sha: string;
    readonly context: string;
    readonly state: "error" | "failure" | "pending" | "success";
    readonly description: string | null;
    readonly targetUrl: string | null;
    readonly creator: string;
    readonly created: Date;
}

/** A run of a workflow. */
export interface WorkflowRun {
    readonly id: number;
    /** The file's name. */
    readonly workflow: string;
    readonly event: string;
    /** By GitHub's names: `in_progress`, `waiting` for the reviewers of an environment, … */
    status: string;
    conclusion: string | null;
    readonly sha: string;
    readonly branch: string;
    readonly created: Date;
}

/** A workflow that somebody has started by hand or by the API. */
export interface Dispatch {
    /** The file's name. */
    readonly workflow: string;
    readonly ref: string;
    readonly inputs: Readonly<Record<string, unknown>>;
}

export interface DeploymentStatus {
    readonly id: number;
    readonly state: string;
    readonly creator: string;
    readonly description: string;
    readonly environmentUrl: string;
    readonly logUrl: string;
    readonly created: Date;
}

export interface Deployment {
    readonly id: number;
    readonly sha: string;
    readonly ref: string;
    readonly task: string;
    readonly environment: string;
    readonly description: string | null;
    readonly payload: unknown;
    readonly creator: string;
    readonly created: Date;
    updated: Date;
    readonly statuses: DeploymentStatus[];
}

/** An artifact of a workflow run, without its content. */
export interface Artifact {
    readonly id: number;
    readonly name: string;
    readonly expired: boolean;
    readonly created: Date;
    readonly run: {
        readonly id: number;
        readonly headSha: string;
        readonly headBranch: string;
        /** The id of the head's repository. undefined: this one, not a fork. */
        readonly headRepository: number | undefined;
    };
}

/** The format of the subject of the repository's OIDC tokens. */
export interface OidcSubject {
    readonly useDefault: boolean;
    readonly claims: readonly string[] | undefined;
    readonly immutable: boolean;
}

export interface Repository extends Vault {
    readonly id: number;
    readonly owner: string;
    readonly name: string;
    readonly private: boolean;
    readonly defaultBranch: string;
    readonly description: string | null;
    readonly created: Date;
    pushed: Date;
    archived: boolean;
    /** Besides its owner, by login. */
    readonly roles: Map<string, Role>;
    readonly git: Git;
    readonly protections: Map<string, Protection>;
    /** By id. */
    readonly rulesets: Map<number, Ruleset>;
    /** Some plans and servers have no environments. All operations on them are 404 then. */
    hasEnvironments: boolean;
    /** By the name in lower case. Names are case-insensitive. */
    readonly environments: Map<string, Environment>;
    /** The installed apps that can decide about deployments, by their id. */
    readonly protectionApps: Map<number, ProtectionApp>;
    readonly labels: Map<string, Label>;
    /** By number. */
    readonly issues: Map<number, Issue>;
    readonly comments: Map<number, Comment>;
    readonly deployments: Map<number, Deployment>;
    /** Oldest first. */
    readonly statuses: CommitStatus[];
    /** Oldest first. */
    readonly dispatches: Dispatch[];
    /** Oldest first. */
    readonly runs: WorkflowRun[];
    /** Oldest first. */
    readonly artifacts: Artifact[];
    oidcSubject: OidcSubject;
}
