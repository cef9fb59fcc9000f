import type { Git } from "./git.ts";

/** What an account pays for; it decides what its private repositories may have. */
export type Plan = "free" | "pro" | "team" | "enterprise";

/** What somebody is to a repository, in rising order. */
export const roles = ["read", "push", "admin"] as const;
export type Role = (typeof roles)[number];

/** What a fine-grained token can be granted, by the names in X-Accepted-GitHub-Permissions. */
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
    | "deployments";
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
    /** Logins; an owner administers every repository. */
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
    /** OWNER/NAME of the repositories that it was made for; undefined: all of the user's. */
    readonly repositories: ReadonlySet<string> | undefined;
}

export type Token = ClassicToken | FineGrainedToken;

/** The key that secrets are sealed with, and that opens them. */
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

/** What Actions hands to a workflow; a repository and each of its environments have their own. */
export interface Vault {
    readonly key: SealingKey;
    /** By the name in upper case, as GitHub keeps them. */
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
    /** Which branches may deploy: all (undefined), the protected ones, or those that a policy names. */
    deploysFrom: "protected" | "custom" | undefined;
    readonly policies: Map<number, BranchPolicy>;
    /** The apps that have to approve a deployment, by the id of the rule. */
    readonly protectionRules: Map<number, ProtectionApp>;
}

/** What the protection of a branch asks for; a rule that is not set is off. */
export interface Protection {
    /** Whether administrators have to keep to it as well. */
    readonly enforceAdmins: boolean;
    /** Changes come by pull request, with so many approvals; undefined: they need none. */
    readonly requiredApprovals: number | undefined;
    /** Logins of those who need no pull request. */
    readonly exempt: readonly string[];
    readonly statusChecks: readonly string[];
    readonly signatures: boolean;
    readonly locked: boolean;
    /** Logins of those who may push; undefined: whoever may write to the repository. */
    readonly pushers: readonly string[] | undefined;
}

/** A ruleset in force for branches. */
export interface Ruleset {
    readonly id: number;
    readonly name: string;
    /** Branches by name. */
    readonly branches: readonly string[];
    /** By GitHub's names: `pull_request`, `non_fast_forward`, … */
    readonly rules: readonly string[];
    /** Logins of those whom it does not stop. */
    readonly exempt: readonly string[];
    /** Whether they are exempt in their pull requests alone. */
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

/** Where a pull request comes from and goes to. */
export interface PullRequest {
    readonly id: number;
    readonly head: string;
    base: string;
    readonly draft: boolean;
    maintainerCanModify: boolean;
    /** The base as it was when the pull request was opened. */
    baseSha: string;
    /** The head as it was when the pull request was closed. */
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

/** An issue; every pull request is one. */
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

/** What a run of a workflow keeps; its content is not kept here. */
export interface Artifact {
    readonly id: number;
    readonly name: string;
    readonly expired: boolean;
    readonly created: Date;
    readonly run: {
        readonly id: number;
        readonly headSha: string;
        readonly headBranch: string;
        /** The id of the repository that the head is of; undefined: of this one, not of a fork. */
        readonly headRepository: number | undefined;
    };
}

/** How the subject of the repository's OIDC tokens is made up. */
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
    /** Beside its owner's, by login. */
    readonly roles: Map<string, Role>;
    readonly git: Git;
    readonly protections: Map<string, Protection>;
    /** By id. */
    readonly rulesets: Map<number, Ruleset>;
    /** Some plans and servers have no environments: every call on them is 404 then. */
    hasEnvironments: boolean;
    /** By the name in lower case: names that differ in case are the same. */
    readonly environments: Map<string, Environment>;
    /** The apps installed on it that can decide about deployments, by their id. */
    readonly protectionApps: Map<number, ProtectionApp>;
    readonly labels: Map<string, Label>;
    /** By number. */
    readonly issues: Map<number, Issue>;
    readonly comments: Map<number, Comment>;
    readonly deployments: Map<number, Deployment>;
    /** The oldest first. */
    readonly artifacts: Artifact[];
    oidcSubject: OidcSubject;
}
