import { randomInt, randomUUID } from "node:crypto";

/** What this Quay has switched on; where Quay calls it something else, its name is given. */
export interface Features {
    /** FEATURE_AUTO_PRUNE */
    readonly autoPrune: boolean;
    /** FEATURE_IMMUTABLE_TAGS */
    readonly immutableTags: boolean;
    /** FEATURE_REPO_MIRROR: the state of a repository can be changed. */
    readonly repositoryMirror: boolean;
    /** Robots of users may be federated; older builds have it for organizations only. */
    readonly userRobotFederation: boolean;
    /** Organizations mint OAuth tokens for their applications; older builds have no such route. */
    readonly applicationTokens: boolean;
    /** FEATURE_SECURITY_SCANNER */
    readonly securityScanner: boolean;
    /** FEATURE_REFERRERS_API: the registry lists what refers to a manifest. */
    readonly referrers: boolean;
}

export const roles = ["read", "write", "admin"] as const;
export type Role = (typeof roles)[number];
export const teamRoles = ["member", "creator", "admin"] as const;
export type TeamRole = (typeof teamRoles)[number];

/** The states of a repository, in the order of their numbers in Quay's database and 503 message. */
export const repositoryStates = ["NORMAL", "READ_ONLY", "MIRROR"] as const;
export type RepositoryState = (typeof repositoryStates)[number];

export interface FederatedIdentity {
    readonly issuer: string;
    readonly subject: string;
}

export interface Robot {
    readonly shortName: string;
    /** NAMESPACE+SHORT: its name at the registry and in permissions. */
    readonly username: string;
    token: string;
    readonly description: string;
    readonly metadata: Record<string, unknown> | null;
    readonly created: Date;
    lastAccessed: Date | null;
    federation: readonly FederatedIdentity[];
}

export interface AutoPrunePolicy {
    readonly uuid: string;
    readonly method: string;
    readonly value: number | string;
    readonly tagPattern: string | null;
    readonly tagPatternMatches: boolean;
}

export interface ImmutabilityPolicy {
    readonly uuid: string;
    readonly tagPattern: string;
    readonly tagPatternMatches: boolean;
}

/** What a repository and a namespace have alike: policies for tags. */
export interface Policies {
    autoPrune: AutoPrunePolicy[];
    immutability: ImmutabilityPolicy[];
}

interface Namespace extends Policies {
    readonly name: string;
    email: string;
    /** How long a deleted tag can be restored, in seconds. */
    tagExpiration: number;
    readonly robots: Map<string, Robot>;
}

export interface User extends Namespace {
    readonly kind: "user";
    readonly password: string;
    readonly superUser: boolean;
}

export interface Team {
    readonly name: string;
    role: TeamRole;
    description: string;
    /** Names of users and robots. */
    readonly members: Set<string>;
}

export interface Prototype {
    readonly id: string;
    readonly role: Role;
    readonly delegate: { readonly kind: "user" | "team"; readonly name: string };
    readonly activatingUser: string | null;
}

export interface Application {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly name: string;
    readonly description: string;
}

export interface Organization extends Namespace {
    readonly kind: "organization";
    readonly teams: Map<string, Team>;
    prototypes: Prototype[];
    readonly applications: Map<string, Application>;
}

export type Account = User | Organization;

/** One period in which a tag pointed at a manifest; a tag's last one may still go on. */
export interface TagPeriod {
    readonly name: string;
    readonly digest: string;
    /** Unix milliseconds. */
    readonly start: number;
    /** When the tag ceased or will cease to point there. */
    end: number | undefined;
    readonly reversion: boolean;
    immutable: boolean;
}

export interface Label {
    readonly id: string;
    readonly key: string;
    readonly value: string;
    readonly source_type: string;
    readonly media_type: string;
}

export interface Manifest {
    readonly digest: string;
    readonly mediaType: string;
    readonly content: string;
    readonly configMediaType: string | null;
    readonly layers: readonly { readonly digest: string; readonly size: number; readonly mediaType: string }[];
    /** The manifests of an index. */
    readonly children: readonly string[];
    /** The manifest that this one refers to, as a signature does. */
    readonly subject: string | undefined;
    readonly artifactType: string | undefined;
    readonly annotations: Readonly<Record<string, string>> | undefined;
    /** A manifest that was pushed by digest lives without a tag until then (Unix milliseconds). */
    keptUntil: number;
    readonly labels: Label[];
}

export interface Notification {
    readonly uuid: string;
    readonly title: string | null;
    readonly event: string;
    readonly method: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly eventConfig: Readonly<Record<string, unknown>>;
    failures: number;
}

export interface Repository extends Policies {
    /** Its name in the registry behind: another one for a repository that was deleted and made again. */
    readonly id: string;
    readonly namespace: string;
    readonly name: string;
    /** null when a push made the repository. */
    description: string | null;
    isPublic: boolean;
    state: RepositoryState;
    readonly userRoles: Map<string, Role>;
    readonly teamRoles: Map<string, Role>;
    notifications: Notification[];
    /** The history of the tags, newest first. */
    tags: TagPeriod[];
    readonly manifests: Map<string, Manifest>;
}

export const scopes = [
    "repo:read",
    "repo:write",
    "repo:admin",
    "repo:create",
    "user:read",
    "user:admin",
    "org:admin",
    "super:user",
] as const;
export type Scope = (typeof scopes)[number];

export interface OAuthToken {
    readonly uuid: string;
    readonly name: string;
    readonly user: string;
    readonly scopes: ReadonlySet<Scope>;
    readonly created: Date;
    readonly expires: Date;
    /** The application that minted it. */
    readonly application: string | undefined;
}

/** The result of a security scan. */
export interface Scan {
    readonly status: "queued" | "scanned" | "failed" | "unsupported" | "manifest_layer_too_large";
    /** What was found in the image, where it was scanned. */
    readonly features?: readonly {
        readonly name: string;
        readonly version: string;
        readonly vulnerabilities: readonly {
            readonly name: string;
            readonly severity: "Critical" | "High" | "Medium" | "Low" | "Negligible" | "Unknown";
            readonly fixedBy?: string;
            readonly link?: string;
            readonly description?: string;
        }[];
    }[];
}

/** Two weeks: Quay's default for how long a deleted tag can be restored. */
const tagExpiration = 1_209_600;

function newNamespace(name: string): Namespace {
    return { name, email: `${name}@example.com`, tagExpiration, robots: new Map(), autoPrune: [], immutability: [] };
}

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Everything that this Quay knows. */
export class State {
    readonly accounts = new Map<string, Account>();
    /** Names of deleted organizations: taken until Quay's namespace worker has run. */
    readonly retiredNames = new Set<string>();
    /** By NAMESPACE/NAME. */
    readonly repositories = new Map<string, Repository>();
    /** By the token itself. */
    readonly tokens = new Map<string, OAuthToken>();
    /** By the manifest's digest. */
    readonly scans = new Map<string, Scan>();
    /** Every password and token that was ever valid, so that a test can search for them where they must not be. */
    readonly secrets = new Set<string>();

    /** A new secret of upper-case letters and digits: robots have 64 of them. */
    newSecret(length: number): string {
        const secret = Array.from({ length }, () => tokenLetters.charAt(randomInt(tokenLetters.length))).join("");
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

    /** The robot of a full name, NAMESPACE+SHORT. */
    robot(username: string): Robot | undefined {
        const [namespace = "", shortName = ""] = username.split("+");
        return this.accounts.get(namespace)?.robots.get(shortName);
    }

    /** Whether a user or a robot has this name. */
    isPerson(username: string): boolean {
        return this.accounts.get(username)?.kind === "user" || this.robot(username) !== undefined;
    }

    createUser(name: string, superUser: boolean): User {
        const user: User = { kind: "user", password: this.newSecret(16), superUser, ...newNamespace(name) };
        this.accounts.set(name, user);
        return user;
    }

    /** The owner is in the team "owners", which administers it. */
    createOrganization(name: string, owner: string): Organization {
        const owners: Team = { name: "owners", role: "admin", description: "", members: new Set([owner]) };
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

    /** Its name stays taken (surprise 12). */
    deleteOrganization({ name, robots }: Organization): void {
        this.accounts.delete(name);
        this.retiredNames.add(name);
        for (const { username } of robots.values()) this.forgetPerson(username);
        for (const [path, { namespace }] of this.repositories) if (namespace === name) this.repositories.delete(path);
    }

    /** A token that acts as the user, and the secret for it. */
    createToken(token: Omit<OAuthToken, "uuid" | "created">): { readonly secret: string; readonly token: OAuthToken } {
        const secret = this.newSecret(40);
        const made = { ...token, uuid: randomUUID(), created: new Date() };
        this.tokens.set(secret, made);
        return { secret, token: made };
    }

    /**
     * Makes a repository. Its creator becomes admin of it, and in an organization the default permissions apply
     * (facts 2 and 5).
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
        for (const { activatingUser, delegate, role } of this.organization(namespace)?.prototypes ?? []) {
            const delegated = delegate.kind === "team" ? repository.teamRoles : repository.userRoles;
            if (activatingUser === null || activatingUser === creator) delegated.set(delegate.name, role);
        }
        this.repositories.set(`${namespace}/${name}`, repository);
        return repository;
    }

    /** The user or robot is gone: so are its rights, memberships and default permissions (fact 3). */
    forgetPerson(username: string): void {
        for (const repository of this.repositories.values()) repository.userRoles.delete(username);
        for (const account of this.accounts.values()) {
            if (account.kind === "user") continue;
            for (const team of account.teams.values()) team.members.delete(username);
            account.prototypes = account.prototypes.filter(
                ({ delegate, activatingUser }) => (delegate.kind === "team" || delegate.name !== username) && activatingUser !== username,
            );
        }
    }

    /** All of it as plain JSON, tokens included. */
    dump(): unknown {
        const plain = (_key: string, value: unknown): unknown => {
            if (value instanceof Map) return Object.fromEntries<unknown>(value);
            return value instanceof Set ? Array.from<unknown>(value) : value;
        };
        return JSON.parse(JSON.stringify(this, plain));
    }
}
