import { randomInt, randomUUID } from "node:crypto";
import type {
    Account,
    Namespace,
    Notification,
    OAuthToken,
    Organization,
    Repository,
    Robot,
    Scan,
    Team,
    User,
} from "./model.ts";

/** Two weeks: Quay's default for how long a deleted tag can be restored. */
const tagExpiration = 1_209_600;

function newNamespace(name: string): Namespace {
    return {
        name,
        email: `${name}@example.com`,
        tagExpiration,
        robots: new Map(),
        autoPrune: [],
        immutability: [],
    };
}

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** The whole state of this Quay. */
export class State {
    readonly accounts = new Map<string, Account>();
    /** Names of deleted organizations. They stay taken until Quay's namespace worker has run. */
    readonly retiredNames = new Set<string>();
    /** By NAMESPACE/NAME. */
    readonly repositories = new Map<string, Repository>();
    /** Notifications of deleted repositories that no worker has collected yet. */
    readonly deletedNotifications: Notification[] = [];
    /** By the token itself. */
    readonly tokens = new Map<string, OAuthToken>();
    /** By the manifest's digest. */
    readonly scans = new Map<string, Scan>();
    /**
     * Every password and token that was ever valid, so that a test can search its output for them.
     */
    readonly secrets = new Set<string>();

    /** Creates a secret of upper-case letters and digits. Robots' ones have 64 characters. */
    newSecret(length: number): string {
        const secret = Array.from({ length }, () =>
            tokenLetters.charAt(randomInt(tokenLetters.length)),
        ).join("");
        this.secrets.add(secret);
        return secret;
    }

    repository(namespace: string, name: string): Repository | undefined {
        return this.repositories.get(`${namespace}/${name}`);
    }

    organization(name: string): Organization | undefined {
        const account = this.accounts.get(name);
        return account?.kind === "organization" ? account : undefined;
    }

    /** Finds a robot by its full name, NAMESPACE+SHORT. */
    robot(username: string): Robot | undefined {
        const [namespace = "", shortName = ""] = username.split("+");
        return this.accounts.get(namespace)?.robots.get(shortName);
    }

    /** Returns whether a user or robot has this name. */
    isPerson(username: string): boolean {
        return this.accounts.get(username)?.kind === "user" || this.robot(username) !== undefined;
    }

    createUser(name: string, superUser: boolean): User {
        const user: User = {
            kind: "user",
            password: this.newSecret(16),
            superUser,
            ...newNamespace(name),
        };
        this.accounts.set(name, user);
        return user;
    }

    /** Creates an organization. The owner is in the team "owners", which administers it. */
    createOrganization(name: string, owner: string): Organization {
        const owners: Team = {
            name: "owners",
            role: "admin",
            description: "",
            members: new Set([owner]),
        };
        const organization: Organization = {
            kind: "organization",
            teams: new Map([["owners", owners]]),
            prototypes: [],
            applications: new Map(),
            ...newNamespace(name),
        };
        this.accounts.set(name, organization);
        return organization;
    }

    /** Deletes an organization. Its name stays taken. */
    deleteOrganization({ name, robots }: Organization): void {
        this.accounts.delete(name);
        this.retiredNames.add(name);
        for (const { username } of robots.values()) this.forgetPerson(username);
        for (const repository of this.repositories.values())
            if (repository.namespace === name) this.deleteRepository(repository);
    }

    /** Deletes a repository at once. A worker removes its content later. */
    deleteRepository(repository: Repository): void {
        this.repositories.delete(`${repository.namespace}/${repository.name}`);
        this.deletedNotifications.push(...repository.notifications);
    }

    /** Runs the workers that Quay runs some time after a deletion. */
    collectGarbage(): void {
        this.deletedNotifications.length = 0;
    }

    /**
     * Finds a notification in any repository, including deleted ones that are not collected yet.
     */
    notification(uuid: string): Notification | undefined {
        const kept = [...this.repositories.values()].flatMap(({ notifications }) => notifications);
        return [...kept, ...this.deletedNotifications].find((one) => one.uuid === uuid);
    }

    /** Creates a token that acts as the user. @returns it and its secret */
    createToken(token: Omit<OAuthToken, "uuid" | "created">): {
        readonly secret: string;
        readonly token: OAuthToken;
    } {
        const secret = this.newSecret(40);
        const made = { ...token, uuid: randomUUID(), created: new Date() };
        this.tokens.set(secret, made);
        return { secret, token: made };
    }

    /**
     * Creates a repository. Its creator becomes its admin, and in an organization the default
     * permissions apply.
     */
    createRepository(
        namespace: string,
        name: string,
        creator: string,
        given: { description: string | null; isPublic: boolean },
    ): Repository {
        const repository: Repository = {
            id: randomUUID(),
            namespace,
            name,
            ...given,
            state: "NORMAL",
            userRoles: new Map([[creator, "admin"]]),
            teamRoles: new Map(),
            notifications: [],
            tags: [],
            manifests: new Map(),
            autoPrune: [],
            immutability: [],
        };
        for (const { activatingUser, delegate, role } of this.organization(namespace)?.prototypes ??
            []) {
            const delegated =
                delegate.kind === "team" ? repository.teamRoles : repository.userRoles;
            if (activatingUser === null || activatingUser === creator)
                delegated.set(delegate.name, role);
        }
        this.repositories.set(`${namespace}/${name}`, repository);
        return repository;
    }

    /** Deletes a user or robot, with its permissions, memberships and default permissions. */
    forgetPerson(username: string): void {
        for (const repository of this.repositories.values()) repository.userRoles.delete(username);
        for (const account of this.accounts.values()) {
            if (account.kind === "user") continue;
            for (const team of account.teams.values()) team.members.delete(username);
            account.prototypes = account.prototypes.filter(
                ({ delegate, activatingUser }) =>
                    (delegate.kind === "team" || delegate.name !== username) &&
                    activatingUser !== username,
            );
        }
    }

    /** Returns the whole state as plain JSON, tokens included. */
    dump(): unknown {
        const plain = (_key: string, value: unknown): unknown => {
            if (value instanceof Map) return Object.fromEntries<unknown>(value);
            return value instanceof Set ? Array.from<unknown>(value) : value;
        };
        return JSON.parse(JSON.stringify(this, plain));
    }
}
