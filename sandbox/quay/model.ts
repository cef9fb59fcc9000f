/** The features of this Quay, with the name of Quay's setting where it differs. */
export interface Features {
    /** FEATURE_AUTO_PRUNE */
    readonly autoPrune: boolean;
    /** FEATURE_IMMUTABLE_TAGS */
    readonly immutableTags: boolean;
    /** FEATURE_REPO_MIRROR: the state of a repository can be changed. */
    readonly repositoryMirror: boolean;
    /** FEATURE_PROXY_CACHE */
    readonly proxyCache: boolean;
    /** FEATURE_QUOTA_MANAGEMENT, with FEATURE_EDIT_QUOTA and FEATURE_SUPER_USERS */
    readonly quota: boolean;
    /** Whether users' robots can be federated. Older builds have it for organizations only. */
    readonly userRobotFederation: boolean;
    /** Whether organizations' applications mint OAuth tokens. Older builds have no such route. */
    readonly applicationTokens: boolean;
    /** FEATURE_SECURITY_SCANNER */
    readonly securityScanner: boolean;
    /** FEATURE_REFERRERS_API: the registry lists the referrers of a manifest. */
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
    /** NAMESPACE+SHORT: its name in the registry and in permissions. */
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

/** The tag policies that repositories and namespaces both have. */
export interface Policies {
    autoPrune: AutoPrunePolicy[];
    immutability: ImmutabilityPolicy[];
}

export interface Namespace extends Policies {
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

/** A mirror's settings, as the API takes them. */
export type Mirror = Readonly<Record<string, unknown>>;

/** A proxy cache's settings, as the API takes them. */
export interface ProxyCache {
    readonly upstream_registry: string;
    readonly expiration_s: number;
    readonly insecure: boolean;
}

export interface Quota {
    readonly id: number;
    limit_bytes: number;
    readonly limits: {
        readonly id: number;
        readonly type: string;
        readonly limit_percent: number;
    }[];
}

export interface Organization extends Namespace {
    readonly kind: "organization";
    readonly teams: Map<string, Team>;
    prototypes: Prototype[];
    readonly applications: Map<string, Application>;
    proxyCache?: ProxyCache | undefined;
    quota?: Quota | undefined;
}

export type Account = User | Organization;

/** One period in which a tag pointed to a manifest. A tag's latest period may be open. */
export interface TagPeriod {
    readonly name: string;
    readonly digest: string;
    /** Unix milliseconds. */
    readonly start: number;
    /** When the tag stopped or will stop pointing to it. */
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
    /** The digest of the image's configuration. */
    readonly config: string | undefined;
    readonly configMediaType: string | null;
    readonly layers: readonly {
        readonly digest: string;
        readonly size: number;
        readonly mediaType: string;
    }[];
    /** The manifests of an index. */
    readonly children: readonly string[];
    /** The manifest that this one refers to, for example that of a signature. */
    readonly subject: string | undefined;
    readonly artifactType: string | undefined;
    readonly annotations: Readonly<Record<string, string>> | undefined;
    /**
     * Until when a manifest that was pushed by digest lives without a tag, in Unix milliseconds.
     */
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
    /**
     * Its name in the underlying registry. A repository that was deleted and recreated gets another
     * one.
     */
    readonly id: string;
    readonly namespace: string;
    readonly name: string;
    /** null if a push created the repository. */
    description: string | null;
    isPublic: boolean;
    state: RepositoryState;
    mirror?: Mirror;
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
    /** The features found in the image, if it was scanned. */
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
