/** The JSON of the API for each kind of object. */
import type { Commit, FileChange, Signature } from "./git.ts";
import type { Account, Organization, Repository, Role, Team } from "./model.ts";
import { fullName, type State } from "./state.ts";

/** The base URLs of links in answers. */
export interface Urls {
    /** Of the API, as in the request: with /api/v3 or without. */
    readonly api: string;
    /** Of the pages for people, which do not exist. */
    readonly html: string;
}

export function nodeId(kind: string, id: number): string {
    return Buffer.from(`${kind}:${String(id)}`).toString("base64url");
}

export function accountView(urls: Urls, { id, login, kind }: Account): Record<string, unknown> {
    const url = `${urls.api}/users/${login}`;
    return {
        login,
        id,
        node_id: nodeId(kind, id),
        avatar_url: `${urls.html}/avatars/${String(id)}`,
        gravatar_id: "",
        url,
        html_url: `${urls.html}/${login}`,
        followers_url: `${url}/followers`,
        following_url: `${url}/following{/other_user}`,
        gists_url: `${url}/gists{/gist_id}`,
        starred_url: `${url}/starred{/owner}{/repo}`,
        subscriptions_url: `${url}/subscriptions`,
        organizations_url: `${url}/orgs`,
        repos_url: `${url}/repos`,
        events_url: `${url}/events{/privacy}`,
        received_events_url: `${url}/received_events`,
        type: kind,
        site_admin: false,
    };
}

/** The profile of a user, or of an organization in the form of a user's. */
export function profileView(urls: Urls, account: Account): Record<string, unknown> {
    return {
        ...accountView(urls, account),
        name: account.login,
        company: null,
        blog: "",
        location: null,
        email: null,
        hireable: null,
        bio: null,
        public_repos: 0,
        public_gists: 0,
        followers: 0,
        following: 0,
        created_at: time(account.created),
        updated_at: time(account.created),
    };
}

/** The plan of an account. GitHub shows it to the account's owners only. */
export function planView({ plan }: Account): object {
    return { name: plan, space: 976562499, private_repos: 10000, collaborators: 0 };
}

export function organizationView(urls: Urls, organization: Organization): Record<string, unknown> {
    const { id, login, created } = organization;
    const url = `${urls.api}/orgs/${login}`;
    return {
        login,
        id,
        node_id: nodeId("Organization", id),
        url,
        repos_url: `${url}/repos`,
        events_url: `${url}/events`,
        hooks_url: `${url}/hooks`,
        issues_url: `${url}/issues`,
        members_url: `${url}/members{/member}`,
        public_members_url: `${url}/public_members{/member}`,
        avatar_url: `${urls.html}/avatars/${String(id)}`,
        description: null,
        html_url: `${urls.html}/${login}`,
        has_organization_projects: true,
        has_repository_projects: true,
        public_repos: 0,
        public_gists: 0,
        followers: 0,
        following: 0,
        type: "Organization",
        created_at: time(created),
        updated_at: time(created),
        archived_at: null,
    };
}

export function teamView(
    urls: Urls,
    organization: Organization,
    { id, name }: Team,
): Record<string, unknown> {
    const url = `${urls.api}/organizations/${String(organization.id)}/team/${String(id)}`;
    return {
        id,
        node_id: nodeId("Team", id),
        url,
        html_url: `${urls.html}/orgs/${organization.login}/teams/${name}`,
        members_url: `${url}/members{/member}`,
        repositories_url: `${url}/repos`,
        name,
        slug: name,
        description: null,
        permission: "pull",
        privacy: "closed",
        parent: null,
        type: "organization",
    };
}

/** The suffix of each link of a repository. */
const repositoryLinks = {
    archive_url: "/{archive_format}{/ref}",
    assignees_url: "/assignees{/user}",
    blobs_url: "/git/blobs{/sha}",
    branches_url: "/branches{/branch}",
    collaborators_url: "/collaborators{/collaborator}",
    comments_url: "/comments{/number}",
    commits_url: "/commits{/sha}",
    compare_url: "/compare/{base}...{head}",
    contents_url: "/contents/{+path}",
    contributors_url: "/contributors",
    deployments_url: "/deployments",
    downloads_url: "/downloads",
    events_url: "/events",
    forks_url: "/forks",
    git_commits_url: "/git/commits{/sha}",
    git_refs_url: "/git/refs{/sha}",
    git_tags_url: "/git/tags{/sha}",
    hooks_url: "/hooks",
    issue_comment_url: "/issues/comments{/number}",
    issue_events_url: "/issues/events{/number}",
    issues_url: "/issues{/number}",
    keys_url: "/keys{/key_id}",
    labels_url: "/labels{/name}",
    languages_url: "/languages",
    merges_url: "/merges",
    milestones_url: "/milestones{/number}",
    notifications_url: "/notifications{?since,all,participating}",
    pulls_url: "/pulls{/number}",
    releases_url: "/releases{/id}",
    stargazers_url: "/stargazers",
    statuses_url: "/statuses/{sha}",
    subscribers_url: "/subscribers",
    subscription_url: "/subscription",
    tags_url: "/tags",
    teams_url: "/teams",
    trees_url: "/git/trees{/sha}",
};

export function repositoryUrl(urls: Urls, repository: Repository): string {
    return `${urls.api}/repos/${fullName(repository)}`;
}

export function repositoryPage(urls: Urls, repository: Repository): string {
    return `${urls.html}/${fullName(repository)}`;
}

/** @param role of the token's user, for `permissions`, which are missing without a token */
export function repositoryView(
    urls: Urls,
    owner: Account,
    repository: Repository,
    role: Role | undefined,
): Record<string, unknown> {
    const { id, name, description, archived, created, pushed, defaultBranch } = repository;
    const url = repositoryUrl(urls, repository);
    const page = repositoryPage(urls, repository);
    const links = Object.fromEntries(
        Object.entries(repositoryLinks).map(([key, path]) => [key, `${url}${path}`]),
    );
    const openIssues = [...repository.issues.values()].filter(
        ({ state }) => state === "open",
    ).length;
    const permissions = {
        admin: role === "admin",
        maintain: role === "admin",
        push: role === "admin" || role === "push",
        triage: role === "admin" || role === "push",
        pull: true,
    };
    return {
        id,
        node_id: nodeId("Repository", id),
        name,
        full_name: fullName(repository),
        private: repository.private,
        visibility: repository.private ? "private" : "public",
        owner: accountView(urls, owner),
        ...(owner.kind === "Organization" ? { organization: accountView(urls, owner) } : {}),
        html_url: page,
        description,
        fork: false,
        url,
        ...links,
        git_url: `git:${page.replace(/^https?:/, "")}.git`,
        ssh_url: `git@localhost:${fullName(repository)}.git`,
        clone_url: `${page}.git`,
        svn_url: page,
        homepage: null,
        mirror_url: null,
        language: null,
        license: null,
        size: 0,
        stargazers_count: 0,
        watchers_count: 0,
        watchers: 0,
        forks_count: 0,
        forks: 0,
        network_count: 0,
        subscribers_count: 0,
        open_issues_count: openIssues,
        open_issues: openIssues,
        default_branch: defaultBranch,
        has_issues: true,
        has_projects: true,
        has_wiki: true,
        has_pages: false,
        has_downloads: true,
        has_discussions: false,
        archived,
        disabled: false,
        created_at: time(created),
        updated_at: time(pushed),
        pushed_at: time(pushed),
        ...(role === undefined ? {} : { permissions }),
    };
}

export function commitView(
    urls: Urls,
    state: State,
    repository: Repository,
    commit: Commit,
): Record<string, unknown> {
    const { sha, parents, author, committer } = commit;
    const url = repositoryUrl(urls, repository);
    return {
        sha,
        node_id: Buffer.from(`Commit:${sha}`).toString("base64url"),
        commit: {
            author: signatureView(author),
            committer: signatureView(committer),
            message: commit.message,
            tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
            url: `${url}/git/commits/${sha}`,
            comment_count: 0,
            verification: unsigned,
        },
        url: `${url}/commits/${sha}`,
        html_url: `${repositoryPage(urls, repository)}/commit/${sha}`,
        comments_url: `${url}/commits/${sha}/comments`,
        author: signerView(urls, state, author),
        committer: signerView(urls, state, committer),
        parents: parents.map((parent) => parentView(urls, repository, parent)),
    };
}

/** A commit in the answers of the git data API, and of operations that write files. */
export function gitCommitView(
    urls: Urls,
    repository: Repository,
    commit: Commit,
): Record<string, unknown> {
    const { sha, tree, parents } = commit;
    const url = repositoryUrl(urls, repository);
    return {
        sha,
        node_id: Buffer.from(`Commit:${sha}`).toString("base64url"),
        url: `${url}/git/commits/${sha}`,
        html_url: `${repositoryPage(urls, repository)}/commit/${sha}`,
        author: signatureView(commit.author),
        committer: signatureView(commit.committer),
        message: commit.message,
        tree: { sha: tree, url: `${url}/git/trees/${tree}` },
        parents: parents.map((parent) => parentView(urls, repository, parent)),
        verification: unsigned,
    };
}

/** @param ref of the state of the file that the links lead to */
export function changeView(
    urls: Urls,
    repository: Repository,
    change: FileChange,
    ref: string,
): Record<string, unknown> {
    const { path, status, sha, additions, deletions } = change;
    const page = repositoryPage(urls, repository);
    return {
        sha,
        filename: path,
        status,
        additions,
        deletions,
        changes: additions + deletions,
        blob_url: `${page}/blob/${ref}/${encodePath(path)}`,
        raw_url: `${page}/raw/${ref}/${encodePath(path)}`,
        contents_url: `${repositoryUrl(urls, repository)}/contents/${encodePath(path)}?ref=${ref}`,
    };
}

/** Encodes a path for a URL, except for its slashes. */
export function encodePath(path: string): string {
    return path.split("/").map(encodeURIComponent).join("/");
}

/** Formats a time as GitHub does: to the second. */
export function time(date: Date): string {
    return date.toISOString().replace(/\.\d+Z$/, "Z");
}

const unsigned = {
    verified: false,
    reason: "unsigned",
    signature: null,
    payload: null,
    verified_at: null,
};

function signatureView({ name, email, date }: Signature): object {
    return { name, email, date: time(date) };
}

/** The account of a commit's e-mail address. */
function signerView(urls: Urls, state: State, { email }: Signature): object {
    const [, login = ""] = /^(.+)@users\.noreply\.github\.com$/.exec(email) ?? [];
    const account = state.account(login);
    return account === undefined ? {} : accountView(urls, account);
}

function parentView(urls: Urls, repository: Repository, sha: string): object {
    return {
        sha,
        url: `${repositoryUrl(urls, repository)}/git/commits/${sha}`,
        html_url: `${repositoryPage(urls, repository)}/commit/${sha}`,
    };
}
