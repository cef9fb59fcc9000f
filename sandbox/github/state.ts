import { randomBytes } from "node:crypto";
import { Git, type Signature } from "./git.ts";
import type { Account, Organization, Plan, Repository, Team, Token, User } from "./model.ts";
import { newVault } from "./vault.ts";

/** The whole state of this GitHub. */
export class State {
    /** By the login in lower case. */
    private readonly accounts = new Map<string, Account>();
    /** By id. */
    readonly repositories = new Map<number, Repository>();
    /** By the token itself. */
    readonly tokens = new Map<string, Token>();
    /**
     * Every token and secret value that ever existed, so that a test can search its output for
     * them.
     */
    readonly secrets = new Set<string>();
    private lastId = 1000;

    nextId(): number {
        this.lastId += 1;
        return this.lastId;
    }

    account(login: string): Account | undefined {
        return this.accounts.get(login.toLowerCase());
    }

    /** Returns a user, who must exist. */
    user(login: string): User {
        const account = this.account(login);
        if (account?.kind !== "User") throw new Error(`there is no user ${login}`);
        return account;
    }

    owner(repository: Repository): Account {
        const account = this.account(repository.owner);
        if (account === undefined) throw new Error(`there is no account ${repository.owner}`);
        return account;
    }

    userById(id: number): User | undefined {
        return [...this.accounts.values()].find(
            (account): account is User => account.kind === "User" && account.id === id,
        );
    }

    organization(login: string): Organization | undefined {
        const account = this.account(login);
        return account?.kind === "Organization" ? account : undefined;
    }

    createUser(login: string, plan: Plan): User {
        const user: User = { kind: "User", id: this.nextId(), login, plan, created: new Date() };
        this.accounts.set(login.toLowerCase(), user);
        return user;
    }

    createOrganization(login: string, owner: string, plan: Plan): Organization {
        const organization: Organization = {
            kind: "Organization",
            id: this.nextId(),
            login,
            plan,
            created: new Date(),
            owners: new Set([owner]),
            teams: new Map(),
        };
        this.accounts.set(login.toLowerCase(), organization);
        return organization;
    }

    createTeam(organization: string, name: string, members: readonly string[]): Team {
        const team = { id: this.nextId(), name, members: new Set(members) };
        const owner = this.organization(organization);
        if (owner === undefined) throw new Error(`there is no organization ${organization}`);
        owner.teams.set(name, team);
        return team;
    }

    createToken(prefix: string, token: Token): string {
        const secret = `${prefix}${randomBytes(18).toString("hex")}`;
        this.tokens.set(secret, token);
        this.secrets.add(secret);
        return secret;
    }

    /** Names are case-insensitive. */
    repository(owner: string, name: string): Repository | undefined {
        const wanted = `${owner}/${name}`.toLowerCase();
        return [...this.repositories.values()].find(
            (repository) => fullName(repository).toLowerCase() === wanted,
        );
    }

    createRepository(
        owner: string,
        name: string,
        given: { private: boolean; defaultBranch: string },
    ): Repository {
        const repository: Repository = {
            ...newVault(),
            ...given,
            id: this.nextId(),
            owner,
            name,
            description: null,
            created: new Date(),
            pushed: new Date(),
            archived: false,
            roles: new Map(),
            git: new Git(),
            protections: new Map(),
            rulesets: new Map(),
            hasEnvironments: true,
            environments: new Map(),
            protectionApps: new Map(),
            labels: new Map(),
            issues: new Map(),
            comments: new Map(),
            deployments: new Map(),
            statuses: [],
            dispatches: [],
            runs: [],
            artifacts: [],
            oidcSubject: { useDefault: true, claims: undefined, immutable: false },
        };
        this.repositories.set(repository.id, repository);
        return repository;
    }

    /**
     * Returns the whole state as plain JSON, secrets included. Of keys and files, only the names.
     */
    dump(): unknown {
        const plain = (key: string, value: unknown): unknown => {
            if (key === "key" || key === "blobs") return undefined;
            if (value instanceof Map) return Object.fromEntries<unknown>(value);
            return value instanceof Set ? Array.from<unknown>(value) : value;
        };
        return JSON.parse(JSON.stringify(this, plain));
    }
}

export function fullName({ owner, name }: Repository): string {
    return `${owner}/${name}`;
}

/** How a user signs a commit, to the second as in git. */
export function signature(login: string): Signature {
    const date = new Date(Math.floor(Date.now() / 1000) * 1000);
    return { name: login, email: `${login}@users.noreply.github.com`, date };
}
