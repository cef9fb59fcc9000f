// Generated from the resources and functions in this folder: npm run generate

import * as pulumi from "@pulumi/pulumi";

/** `public` (anyone may pull) or `private`. */
export type Visibility = "public" | "private";

/** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by mirroring). */
export type RepositoryState = "NORMAL" | "READ_ONLY" | "MIRROR";

/** What a namespace is: a user's own, or an organization's. */
export type NamespaceKind = "user" | "organization";

/** `read` (pull), `write` (pull and push) or `admin`. */
export type Role = "read" | "write" | "admin";

/** A user of a registry. */
export interface CredentialsArgs {
    /** The user, or robot (NAMESPACE+NAME). */
    readonly username: pulumi.Input<string>;
    /** The password, or the robot's token. */
    readonly password: pulumi.Input<string>;
}

/** A user of a registry. */
export interface Credentials {
    /** The user, or robot (NAMESPACE+NAME). */
    readonly username: string;
    /** The password, or the robot's token. */
    readonly password: string;
}

/** How bad a vulnerability is, as Quay's scanner says. */
export type Severity = "critical" | "high" | "medium" | "low" | "negligible";

/** What lets an image be promoted in spite of its scan. */
export interface SeverityExceptionArgs {
    /** The digest of the image that it is for. */
    readonly digest: pulumi.Input<string>;
    /** Why it may pass. */
    readonly reason: pulumi.Input<string>;
    /** The last day on which it may be promoted: YYYY-MM-DD. */
    readonly expires: pulumi.Input<string>;
}

/** What lets an image be promoted in spite of its scan. */
export interface SeverityException {
    /** The digest of the image that it is for. */
    readonly digest: string;
    /** Why it may pass. */
    readonly reason: string;
    /** The last day on which it may be promoted: YYYY-MM-DD. */
    readonly expires: string;
}

/** Whose signature an image has to have. */
export interface ImageSignatureArgs {
    /** The public key in PEM that has to have signed it: ECDSA, Ed25519 or RSA. */
    readonly publicKey: pulumi.Input<string>;
}

/** Whose signature an image has to have. */
export interface ImageSignature {
    /** The public key in PEM that has to have signed it: ECDSA, Ed25519 or RSA. */
    readonly publicKey: string;
}

/** Whose identity tokens a robot accepts. */
export interface FederationClaimArgs {
    /** The `iss` of the tokens: `https://token.actions.githubusercontent.com`. */
    readonly issuer: pulumi.Input<string>;
    /** The `sub` of the tokens, exactly: `repo:alice/app:ref:refs/heads/main`. */
    readonly subject: pulumi.Input<string>;
}

/** Whose identity tokens a robot accepts. */
export interface FederationClaim {
    /** The `iss` of the tokens: `https://token.actions.githubusercontent.com`. */
    readonly issuer: string;
    /** The `sub` of the tokens, exactly: `repo:alice/app:ref:refs/heads/main`. */
    readonly subject: string;
}

/** `number_of_tags` (keep that many, the newest) or `creation_date` (keep those younger than that). */
export type PruneMethod = "number_of_tags" | "creation_date";

/** What to do where Quay has this feature switched off, or is too old for it: `fail`, or `warn` and go on without the policy. Once Quay has it, `pulumi refresh` sees that, and the next `pulumi up` makes the policy. */
export type IfUnsupported = "fail" | "warn";

/** What happens: `repo_push`, `vulnerability_found`, `repo_image_expiry`, … */
export type NotificationEvent =
    | "repo_push"
    | "repo_image_expiry"
    | "vulnerability_found"
    | "build_queued"
    | "build_start"
    | "build_success"
    | "build_failure"
    | "build_cancelled"
    | "repo_mirror_sync_started"
    | "repo_mirror_sync_success"
    | "repo_mirror_sync_failed"
    | "quota_warning"
    | "quota_error";

/** How to tell: `webhook`, `slack`, `email`, `quay_notification`, … */
export type NotificationMethod =
    "webhook" | "slack" | "email" | "quay_notification" | "flowdock" | "hipchat";

/** `member`, `creator` (may make repositories) or `admin` (administers the organization). */
export type TeamRole = "member" | "creator" | "admin";

/** What happens from a share of the quota on. */
export interface QuotaLimitArgs {
    /** `Warning` notifies the administrators, `Reject` refuses pushes too. */
    readonly type: pulumi.Input<string>;
    /** From how many percent of the quota on: 1 to 100. */
    readonly percent: pulumi.Input<number>;
}

/** What happens from a share of the quota on. */
export interface QuotaLimit {
    /** `Warning` notifies the administrators, `Reject` refuses pushes too. */
    readonly type: string;
    /** From how many percent of the quota on: 1 to 100. */
    readonly percent: number;
}

/** A tag of a repository. */
export interface TagArgs {
    /** The tag. */
    readonly name: pulumi.Input<string>;
    /** The digest of the manifest that it points at: `sha256:…`. */
    readonly digest: pulumi.Input<string>;
    /** Whether that is an index of images for several platforms. */
    readonly isManifestList: pulumi.Input<boolean>;
    /** When it was set, as Quay writes dates (RFC 2822). */
    readonly lastModified?: pulumi.Input<string> | undefined;
    /** When it will vanish, where it has an expiration (RFC 2822). */
    readonly expiration?: pulumi.Input<string> | undefined;
    /** Whether it is immutable; false where Quay has no such feature. */
    readonly immutable: pulumi.Input<boolean>;
}

/** A tag of a repository. */
export interface Tag {
    /** The tag. */
    readonly name: string;
    /** The digest of the manifest that it points at: `sha256:…`. */
    readonly digest: string;
    /** Whether that is an index of images for several platforms. */
    readonly isManifestList: boolean;
    /** When it was set, as Quay writes dates (RFC 2822). */
    readonly lastModified?: string | undefined;
    /** When it will vanish, where it has an expiration (RFC 2822). */
    readonly expiration?: string | undefined;
    /** Whether it is immutable; false where Quay has no such feature. */
    readonly immutable: boolean;
}

/** The settings of a Provider. */
export interface ProviderArgs {
    /** Quay's web address. Default: the environment variable QUAY_URL, else https://quay.io. */
    readonly url?: pulumi.Input<string> | undefined;
    /** The NAME of the environment variable that holds the API token: two providers with two names serve two accounts. Default: QUAY_TOKEN. */
    readonly tokenVariable?: pulumi.Input<string> | undefined;
    /** How many requests to Quay may be under way at the same time. Default: 8. */
    readonly maxParallelRequests?: pulumi.Input<number> | undefined;
}

/** A Quay and an account on it. Its API token comes from an environment variable (QUAY_TOKEN, or the one named in `tokenVariable`), never from the program: so it is in no state and no diff. */
export class Provider extends pulumi.ProviderResource {
    constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
        super("quay", name, { ...args }, opts);
    }
}

/** What a Repository is made of. */
export interface RepositoryArgs {
    /** The user or organization that it belongs to. */
    readonly namespace: pulumi.Input<string>;
    /** Its name within the namespace; may contain slashes. */
    readonly name: pulumi.Input<string>;
    /** `public` (anyone may pull) or `private`. Default: "private". */
    readonly visibility?: pulumi.Input<Visibility> | undefined;
    /** Its description, Markdown, on its page in Quay. Default: "". */
    readonly description?: pulumi.Input<string> | undefined;
    /** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's mirroring). Others than NORMAL need a Quay with repository mirroring. Default: "NORMAL". */
    readonly state?: pulumi.Input<RepositoryState> | undefined;
}

/** A repository for container images, in a user's namespace or an organization's. One that exists already is an error that says how to import it.
 *
 * Import: `pulumi import quay:index:Repository NAME alice/app`, the id being NAMESPACE/NAME. */
export class Repository extends pulumi.CustomResource {
    /** The user or organization that it belongs to. */
    declare readonly namespace: pulumi.Output<string>;
    /** Its name within the namespace; may contain slashes. */
    declare readonly name: pulumi.Output<string>;
    /** `public` (anyone may pull) or `private`. Default: "private". */
    declare readonly visibility: pulumi.Output<Visibility>;
    /** Its description, Markdown, on its page in Quay. Default: "". */
    declare readonly description: pulumi.Output<string>;
    /** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's mirroring). Others than NORMAL need a Quay with repository mirroring. Default: "NORMAL". */
    declare readonly state: pulumi.Output<RepositoryState>;
    /** NAMESPACE/NAME, what other resources of this package take as a repository. */
    declare readonly fullName: pulumi.Output<string>;
    /** What docker pulls and pushes: HOST/NAMESPACE/NAME, without a tag. */
    declare readonly image: pulumi.Output<string>;
    /** Its page in Quay's web interface. */
    declare readonly url: pulumi.Output<string>;

    constructor(name: string, args: RepositoryArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: RepositoryArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:Repository",
            name,
            {
                namespace: args?.namespace,
                name: args?.name,
                visibility: args?.visibility,
                description: args?.description,
                state: args?.state,
                fullName: undefined,
                image: undefined,
                url: undefined,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Repository {
        return new Repository(name, undefined, { ...opts, id });
    }
}

/** What a Robot is made of. */
export interface RobotArgs {
    /** The user or organization that it belongs to. */
    readonly namespace: pulumi.Input<string>;
    /** Its name within the namespace, without the `NAMESPACE+`. */
    readonly name: pulumi.Input<string>;
    /** What it is for. Quay cannot change it: another description replaces the robot, and so its token. Default: "". */
    readonly description?: pulumi.Input<string> | undefined;
}

/** A robot account: a name and a token for machines to pull and push with, in a user's namespace or an organization's. It may do nothing until it is given permissions. One that exists already is an error that says how to import it.
 *
 * Import: `pulumi import quay:index:Robot NAME alice+deploy`, the id being NAMESPACE+NAME. */
export class Robot extends pulumi.CustomResource {
    /** The user or organization that it belongs to. */
    declare readonly namespace: pulumi.Output<string>;
    /** Its name within the namespace, without the `NAMESPACE+`. */
    declare readonly name: pulumi.Output<string>;
    /** What it is for. Quay cannot change it: another description replaces the robot, and so its token. Default: "". */
    declare readonly description: pulumi.Output<string>;
    /** What it logs in to the registry with: NAMESPACE+NAME. */
    declare readonly username: pulumi.Output<string>;
    /** The password that goes with it. A refresh shows a token that was regenerated by hand, and the next `up` hands it on. */
    declare readonly token: pulumi.Output<string>;
    /** What a namespace is: a user's own, or an organization's. */
    declare readonly namespaceKind: pulumi.Output<NamespaceKind>;

    constructor(name: string, args: RobotArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(name: string, args: RobotArgs | undefined, opts?: pulumi.CustomResourceOptions) {
        super(
            "quay:index:Robot",
            name,
            {
                namespace: args?.namespace,
                name: args?.name,
                description: args?.description,
                username: undefined,
                token: undefined,
                namespaceKind: undefined,
            },
            pulumi.mergeOptions({ additionalSecretOutputs: ["token"] }, opts),
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Robot {
        return new Robot(name, undefined, { ...opts, id });
    }
}

/** What a RepositoryPermission is made of. */
export interface RepositoryPermissionArgs {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    readonly repository: pulumi.Input<string>;
    /** The robot that gets it, NAMESPACE+NAME: the `username` of a Robot. Exactly one of robot, user and team is set. */
    readonly robot?: pulumi.Input<string> | undefined;
    /** The user who gets it. */
    readonly user?: pulumi.Input<string> | undefined;
    /** The team that gets it; only in an organization's repositories. */
    readonly team?: pulumi.Input<string> | undefined;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    readonly role: pulumi.Input<Role>;
}

/** What a robot, a user or a team may do in a repository. An equal permission that exists already, or one that a default permission of the organization gave, is taken over; a different one is an error.
 *
 * Import: `pulumi import quay:index:RepositoryPermission NAME alice/app:robot:alice+deploy`, the id being REPOSITORY:KIND:NAME (KIND is robot, user or team). */
export class RepositoryPermission extends pulumi.CustomResource {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    declare readonly repository: pulumi.Output<string>;
    /** The robot that gets it, NAMESPACE+NAME: the `username` of a Robot. Exactly one of robot, user and team is set. */
    declare readonly robot: pulumi.Output<string | undefined>;
    /** The user who gets it. */
    declare readonly user: pulumi.Output<string | undefined>;
    /** The team that gets it; only in an organization's repositories. */
    declare readonly team: pulumi.Output<string | undefined>;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    declare readonly role: pulumi.Output<Role>;

    constructor(name: string, args: RepositoryPermissionArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: RepositoryPermissionArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:RepositoryPermission",
            name,
            {
                repository: args?.repository,
                robot: args?.robot,
                user: args?.user,
                team: args?.team,
                role: args?.role,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): RepositoryPermission {
        return new RepositoryPermission(name, undefined, { ...opts, id });
    }
}

/** What a PromotedImage is made of. */
export interface PromotedImageArgs {
    /** The repository that gets it, with its registry: the `image` of a Repository. */
    readonly target: pulumi.Input<string>;
    /** The repository that has it, with its registry: `quay.io/alice/app`. May be the target itself. */
    readonly source: pulumi.Input<string>;
    /** The tag in the source to promote. It is looked up when it or the source changes, and not again. Or give `digest`. */
    readonly version?: pulumi.Input<string> | undefined;
    /** The digest to promote: `sha256:…`. Default: what `version` points at. */
    readonly digest?: pulumi.Input<string> | undefined;
    /** The version tags that it gets in the target: each is new there, or has this digest already. Default: the version. */
    readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
    /** Tags that it gets too and that move with every promotion, such as `latest`: set when something changes, never compared. Default: none. */
    readonly floatingTags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
    /** Who reads the source. Default: on the provider's own Quay its API token, which needs no robot; on another registry nobody in particular. */
    readonly sourceCredentials?: pulumi.Input<Credentials> | undefined;
    /** Who writes to the target. Default: on the provider's own Quay its API token, which needs no robot; on another registry nobody in particular. */
    readonly targetCredentials?: pulumi.Input<Credentials> | undefined;
    /** Only an image that Quay has scanned, and found nothing of this severity or worse in, is promoted. It is looked up when the digest, this or the exception changes. Default: scans do not matter. */
    readonly maxSeverity?: pulumi.Input<Severity> | undefined;
    /** Lets one digest pass in spite of maxSeverity. Default: none. */
    readonly severityException?: pulumi.Input<SeverityException> | undefined;
    /** Only an image whose digest cosign has signed with this key is promoted. It is verified when the digest or the key changes, in the preview too where the digest is known then. No transparency log is asked. Default: signatures do not matter. */
    readonly signature?: pulumi.Input<ImageSignature> | undefined;
    /** For a preview: who is about to publish a version that the source has not got yet. It is then a warning, and the digest not known yet. It is in no diff and no state. Default: nobody; a missing version is an error. */
    readonly publishedBy?: pulumi.Input<string> | undefined;
}

/** An image, or an index of images for several platforms, that is copied by its digest to tags of another repository, or of the same: nothing is built or pulled. Signatures and attestations go with it. A version tag is never moved: one that points at another digest is an error. Deleting the resource deletes no tag.
 *
 * Import: `pulumi import quay:index:PromotedImage NAME quay.io/alice/app_prod:1.0.0`, the id being REGISTRY/REPOSITORY:TAG. */
export class PromotedImage extends pulumi.CustomResource {
    /** The repository that gets it, with its registry: the `image` of a Repository. */
    declare readonly target: pulumi.Output<string>;
    /** The repository that has it, with its registry: `quay.io/alice/app`. May be the target itself. */
    declare readonly source: pulumi.Output<string>;
    /** The tag in the source to promote. It is looked up when it or the source changes, and not again. Or give `digest`. */
    declare readonly version: pulumi.Output<string | undefined>;
    /** The digest that was promoted. */
    declare readonly digest: pulumi.Output<string>;
    /** The version tags that it has in the target. */
    declare readonly tags: pulumi.Output<string[]>;
    /** Tags that it gets too and that move with every promotion, such as `latest`: set when something changes, never compared. Default: none. */
    declare readonly floatingTags: pulumi.Output<string[]>;
    /** Who reads the source. Default: on the provider's own Quay its API token, which needs no robot; on another registry nobody in particular. */
    declare readonly sourceCredentials: pulumi.Output<Credentials | undefined>;
    /** Who writes to the target. Default: on the provider's own Quay its API token, which needs no robot; on another registry nobody in particular. */
    declare readonly targetCredentials: pulumi.Output<Credentials | undefined>;
    /** Only an image that Quay has scanned, and found nothing of this severity or worse in, is promoted. It is looked up when the digest, this or the exception changes. Default: scans do not matter. */
    declare readonly maxSeverity: pulumi.Output<Severity | undefined>;
    /** Lets one digest pass in spite of maxSeverity. Default: none. */
    declare readonly severityException: pulumi.Output<SeverityException | undefined>;
    /** Only an image whose digest cosign has signed with this key is promoted. It is verified when the digest or the key changes, in the preview too where the digest is known then. No transparency log is asked. Default: signatures do not matter. */
    declare readonly signature: pulumi.Output<ImageSignature | undefined>;
    /** For a preview: who is about to publish a version that the source has not got yet. It is then a warning, and the digest not known yet. It is in no diff and no state. Default: nobody; a missing version is an error. */
    declare readonly publishedBy: pulumi.Output<string | undefined>;
    /** What to deploy: REGISTRY/REPOSITORY@DIGEST. */
    declare readonly image: pulumi.Output<string>;

    constructor(name: string, args: PromotedImageArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: PromotedImageArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:PromotedImage",
            name,
            {
                target: args?.target,
                source: args?.source,
                version: args?.version,
                digest: args?.digest,
                tags: args?.tags,
                floatingTags: args?.floatingTags,
                sourceCredentials: args?.sourceCredentials,
                targetCredentials: args?.targetCredentials,
                maxSeverity: args?.maxSeverity,
                severityException: args?.severityException,
                signature: args?.signature,
                publishedBy: args?.publishedBy,
                image: undefined,
            },
            pulumi.mergeOptions(
                { additionalSecretOutputs: ["sourceCredentials", "targetCredentials"] },
                opts,
            ),
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): PromotedImage {
        return new PromotedImage(name, undefined, { ...opts, id });
    }
}

/** What a RobotFederation is made of. */
export interface RobotFederationArgs {
    /** The robot, NAMESPACE+NAME: the `username` of a Robot. */
    readonly robot: pulumi.Input<string>;
    /** All claims that are accepted; their order means nothing. */
    readonly claims: pulumi.Input<readonly pulumi.Input<FederationClaim>[]>;
}

/** Whose OIDC identity tokens a robot accepts in place of its own token: jobs log in without a stored password. Federation that is set to the same claims already is taken over; to others, it is an error.
 *
 * Import: `pulumi import quay:index:RobotFederation NAME alice+deploy`, the id being NAMESPACE+NAME (the robot). */
export class RobotFederation extends pulumi.CustomResource {
    /** The robot, NAMESPACE+NAME: the `username` of a Robot. */
    declare readonly robot: pulumi.Output<string>;
    /** All claims that are accepted; their order means nothing. */
    declare readonly claims: pulumi.Output<FederationClaim[]>;
    /** What a namespace is: a user's own, or an organization's. */
    declare readonly namespaceKind: pulumi.Output<NamespaceKind>;

    constructor(name: string, args: RobotFederationArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: RobotFederationArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:RobotFederation",
            name,
            { robot: args?.robot, claims: args?.claims, namespaceKind: undefined },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): RobotFederation {
        return new RobotFederation(name, undefined, { ...opts, id });
    }
}

/** What a AutoPrunePolicy is made of. */
export interface AutoPrunePolicyArgs {
    /** The repository that it holds for, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    readonly repository?: pulumi.Input<string> | undefined;
    /** The organization, or one's own user name, for all of whose repositories it holds. */
    readonly namespace?: pulumi.Input<string> | undefined;
    /** `number_of_tags` (keep that many, the newest) or `creation_date` (keep those younger than that). */
    readonly method: pulumi.Input<PruneMethod>;
    /** With number_of_tags how many to keep: `"20"`; with creation_date how old they get: `"30d"` (s, m, h, d, w or y). */
    readonly value: pulumi.Input<string>;
    /** A regular expression: only tags that match it are removed. Default: all tags. */
    readonly tagPattern?: pulumi.Input<string> | undefined;
    /** `false`: only tags that do NOT match the pattern are removed. Default: true. */
    readonly tagPatternMatches?: pulumi.Input<boolean> | undefined;
    /** What to do where Quay has this feature switched off, or is too old for it: `fail`, or `warn` and go on without the policy. Once Quay has it, `pulumi refresh` sees that, and the next `pulumi up` makes the policy. */
    readonly ifUnsupported?: pulumi.Input<IfUnsupported> | undefined;
}

/** Which tags of a repository, or of all repositories of a namespace, Quay removes by itself. An equal policy that exists already is taken over.
 *
 * Import: `pulumi import quay:index:AutoPrunePolicy NAME alice/app:0a1b2c3d-0000-4000-8000-000000000000`, the id being REPOSITORY:UUID or NAMESPACE:UUID; the UUID may be left out where there is one policy. */
export class AutoPrunePolicy extends pulumi.CustomResource {
    /** The repository that it holds for, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    declare readonly repository: pulumi.Output<string | undefined>;
    /** The organization, or one's own user name, for all of whose repositories it holds. */
    declare readonly namespace: pulumi.Output<string | undefined>;
    /** `number_of_tags` (keep that many, the newest) or `creation_date` (keep those younger than that). */
    declare readonly method: pulumi.Output<PruneMethod>;
    /** With number_of_tags how many to keep: `"20"`; with creation_date how old they get: `"30d"` (s, m, h, d, w or y). */
    declare readonly value: pulumi.Output<string>;
    /** A regular expression: only tags that match it are removed. Default: all tags. */
    declare readonly tagPattern: pulumi.Output<string | undefined>;
    /** `false`: only tags that do NOT match the pattern are removed. Default: true. */
    declare readonly tagPatternMatches: pulumi.Output<boolean>;
    /** What to do where Quay has this feature switched off, or is too old for it: `fail`, or `warn` and go on without the policy. Once Quay has it, `pulumi refresh` sees that, and the next `pulumi up` makes the policy. */
    declare readonly ifUnsupported: pulumi.Output<IfUnsupported>;
    /** What Quay calls the policy; `unsupported` where there is none, with a warning. */
    declare readonly uuid: pulumi.Output<string>;

    constructor(name: string, args: AutoPrunePolicyArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: AutoPrunePolicyArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:AutoPrunePolicy",
            name,
            {
                repository: args?.repository,
                namespace: args?.namespace,
                method: args?.method,
                value: args?.value,
                tagPattern: args?.tagPattern,
                tagPatternMatches: args?.tagPatternMatches,
                ifUnsupported: args?.ifUnsupported,
                uuid: undefined,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): AutoPrunePolicy {
        return new AutoPrunePolicy(name, undefined, { ...opts, id });
    }
}

/** What a TagImmutabilityPolicy is made of. */
export interface TagImmutabilityPolicyArgs {
    /** The repository that it holds for, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    readonly repository?: pulumi.Input<string> | undefined;
    /** The organization, or one's own user name, for all of whose repositories it holds. */
    readonly namespace?: pulumi.Input<string> | undefined;
    /** A regular expression that has to match the WHOLE tag: `v.*` protects v1, `^v` protects nothing. */
    readonly tagPattern: pulumi.Input<string>;
    /** `false`: the tags that do NOT match the pattern are immutable. Default: true. */
    readonly tagPatternMatches?: pulumi.Input<boolean> | undefined;
    /** What to do where Quay has this feature switched off, or is too old for it: `fail`, or `warn` and go on without the policy. Once Quay has it, `pulumi refresh` sees that, and the next `pulumi up` makes the policy. */
    readonly ifUnsupported?: pulumi.Input<IfUnsupported> | undefined;
}

/** Which tags can be neither moved nor removed: those that exist already too, at once. Deleting the policy does not make them mutable again. An equal policy that exists already is taken over; the same pattern the other way round is an error.
 *
 * Import: `pulumi import quay:index:TagImmutabilityPolicy NAME alice/app:0a1b2c3d-0000-4000-8000-000000000000`, the id being REPOSITORY:UUID or NAMESPACE:UUID; the UUID may be left out where there is one policy. */
export class TagImmutabilityPolicy extends pulumi.CustomResource {
    /** The repository that it holds for, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    declare readonly repository: pulumi.Output<string | undefined>;
    /** The organization, or one's own user name, for all of whose repositories it holds. */
    declare readonly namespace: pulumi.Output<string | undefined>;
    /** A regular expression that has to match the WHOLE tag: `v.*` protects v1, `^v` protects nothing. */
    declare readonly tagPattern: pulumi.Output<string>;
    /** `false`: the tags that do NOT match the pattern are immutable. Default: true. */
    declare readonly tagPatternMatches: pulumi.Output<boolean>;
    /** What to do where Quay has this feature switched off, or is too old for it: `fail`, or `warn` and go on without the policy. Once Quay has it, `pulumi refresh` sees that, and the next `pulumi up` makes the policy. */
    declare readonly ifUnsupported: pulumi.Output<IfUnsupported>;
    /** What Quay calls the policy; `unsupported` where there is none, with a warning. */
    declare readonly uuid: pulumi.Output<string>;

    constructor(name: string, args: TagImmutabilityPolicyArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: TagImmutabilityPolicyArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:TagImmutabilityPolicy",
            name,
            {
                repository: args?.repository,
                namespace: args?.namespace,
                tagPattern: args?.tagPattern,
                tagPatternMatches: args?.tagPatternMatches,
                ifUnsupported: args?.ifUnsupported,
                uuid: undefined,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): TagImmutabilityPolicy {
        return new TagImmutabilityPolicy(name, undefined, { ...opts, id });
    }
}

/** What a Notification is made of. */
export interface NotificationArgs {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    readonly repository: pulumi.Input<string>;
    /** What happens: `repo_push`, `vulnerability_found`, `repo_image_expiry`, … */
    readonly event: pulumi.Input<NotificationEvent>;
    /** How to tell: `webhook`, `slack`, `email`, `quay_notification`, … */
    readonly method: pulumi.Input<NotificationMethod>;
    /** What the method needs: webhook `{url, template?}`, slack `{url}`, email `{email}`, quay_notification `{target: {name, kind}}` (kind: user, team or org), flowdock `{flow_api_token}`, hipchat `{notification_token, room_id}`. A secret, since some of these are. */
    readonly config: pulumi.Input<Readonly<Record<string, unknown>>>;
    /** What the event needs: repo_image_expiry `{days}`, vulnerability_found `{level}` (0 Critical … 5 Unknown: that and worse), build_* `{ref-regex}`. Default: nothing. */
    readonly eventConfig?: pulumi.Input<Readonly<Record<string, unknown>>> | undefined;
    /** Its name in Quay's web interface. Default: "". */
    readonly title?: pulumi.Input<string> | undefined;
}

/** Tells someone when something happens in a repository. Quay cannot change one: every change replaces it. Quay accepts equal ones next to each other.
 *
 * Import: `pulumi import quay:index:Notification NAME alice/app:0a1b2c3d-0000-4000-8000-000000000000`, the id being REPOSITORY:UUID, or REPOSITORY:TITLE. */
export class Notification extends pulumi.CustomResource {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    declare readonly repository: pulumi.Output<string>;
    /** What happens: `repo_push`, `vulnerability_found`, `repo_image_expiry`, … */
    declare readonly event: pulumi.Output<NotificationEvent>;
    /** How to tell: `webhook`, `slack`, `email`, `quay_notification`, … */
    declare readonly method: pulumi.Output<NotificationMethod>;
    /** What the method needs: webhook `{url, template?}`, slack `{url}`, email `{email}`, quay_notification `{target: {name, kind}}` (kind: user, team or org), flowdock `{flow_api_token}`, hipchat `{notification_token, room_id}`. A secret, since some of these are. */
    declare readonly config: pulumi.Output<Record<string, unknown>>;
    /** What the event needs: repo_image_expiry `{days}`, vulnerability_found `{level}` (0 Critical … 5 Unknown: that and worse), build_* `{ref-regex}`. Default: nothing. */
    declare readonly eventConfig: pulumi.Output<Record<string, unknown>>;
    /** Its name in Quay's web interface. Default: "". */
    declare readonly title: pulumi.Output<string>;
    /** What Quay calls it. */
    declare readonly uuid: pulumi.Output<string>;

    constructor(name: string, args: NotificationArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: NotificationArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:Notification",
            name,
            {
                repository: args?.repository,
                event: args?.event,
                method: args?.method,
                config: args?.config,
                eventConfig: args?.eventConfig,
                title: args?.title,
                uuid: undefined,
            },
            pulumi.mergeOptions({ additionalSecretOutputs: ["config"] }, opts),
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Notification {
        return new Notification(name, undefined, { ...opts, id });
    }
}

/** What a Organization is made of. */
export interface OrganizationArgs {
    /** Its name. */
    readonly name: pulumi.Input<string>;
    /** The address that Quay writes to. Default: whatever Quay has. */
    readonly email?: pulumi.Input<string> | undefined;
    /** How long a deleted tag can be restored; one of the values that the server allows (quay.io: 0, 86400, 604800, 1209600, 2419200). Default: 1209600. */
    readonly tagExpirationSeconds?: pulumi.Input<number> | undefined;
}

/** An organization: a namespace that several people and their robots share. One that exists already is an error that says how to import it. After deletion Quay keeps the name for a while.
 *
 * Import: `pulumi import quay:index:Organization NAME acme`, the id being NAME. */
export class Organization extends pulumi.CustomResource {
    /** Its name. */
    declare readonly name: pulumi.Output<string>;
    /** The address that Quay writes to. Default: whatever Quay has. */
    declare readonly email: pulumi.Output<string | undefined>;
    /** How long a deleted tag can be restored; one of the values that the server allows (quay.io: 0, 86400, 604800, 1209600, 2419200). Default: 1209600. */
    declare readonly tagExpirationSeconds: pulumi.Output<number>;

    constructor(name: string, args: OrganizationArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: OrganizationArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:Organization",
            name,
            {
                name: args?.name,
                email: args?.email,
                tagExpirationSeconds: args?.tagExpirationSeconds,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Organization {
        return new Organization(name, undefined, { ...opts, id });
    }
}

/** What a Team is made of. */
export interface TeamArgs {
    /** The organization that it belongs to. */
    readonly organization: pulumi.Input<string>;
    /** Its name within the organization. */
    readonly name: pulumi.Input<string>;
    /** What its members may do in the organization: `member`, `creator` or `admin`. Default: "member". */
    readonly role?: pulumi.Input<TeamRole> | undefined;
    /** What it is for, Markdown. Default: "". */
    readonly description?: pulumi.Input<string> | undefined;
}

/** A team of an organization's people and robots. One that exists already is an error that says how to import it.
 *
 * Import: `pulumi import quay:index:Team NAME acme:devs`, the id being ORGANIZATION:TEAM. */
export class Team extends pulumi.CustomResource {
    /** The organization that it belongs to. */
    declare readonly organization: pulumi.Output<string>;
    /** Its name within the organization. */
    declare readonly name: pulumi.Output<string>;
    /** What its members may do in the organization: `member`, `creator` or `admin`. Default: "member". */
    declare readonly role: pulumi.Output<TeamRole>;
    /** What it is for, Markdown. Default: "". */
    declare readonly description: pulumi.Output<string>;

    constructor(name: string, args: TeamArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(name: string, args: TeamArgs | undefined, opts?: pulumi.CustomResourceOptions) {
        super(
            "quay:index:Team",
            name,
            {
                organization: args?.organization,
                name: args?.name,
                role: args?.role,
                description: args?.description,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Team {
        return new Team(name, undefined, { ...opts, id });
    }
}

/** What a TeamMembership is made of. */
export interface TeamMembershipArgs {
    /** The organization. */
    readonly organization: pulumi.Input<string>;
    /** The team: the `name` of a Team. */
    readonly team: pulumi.Input<string>;
    /** The user, or the robot (NAMESPACE+NAME). */
    readonly member: pulumi.Input<string>;
}

/** A user or robot in a team. One who is in it already stays so, and is taken over.
 *
 * Import: `pulumi import quay:index:TeamMembership NAME acme:devs:acme+deploy`, the id being ORGANIZATION:TEAM:MEMBER. */
export class TeamMembership extends pulumi.CustomResource {
    /** The organization. */
    declare readonly organization: pulumi.Output<string>;
    /** The team: the `name` of a Team. */
    declare readonly team: pulumi.Output<string>;
    /** The user, or the robot (NAMESPACE+NAME). */
    declare readonly member: pulumi.Output<string>;
    /** Whether the user was invited by mail and has not answered yet (quay.io invites, and adds no one at once). */
    declare readonly invited: pulumi.Output<boolean>;

    constructor(name: string, args: TeamMembershipArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: TeamMembershipArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:TeamMembership",
            name,
            {
                organization: args?.organization,
                team: args?.team,
                member: args?.member,
                invited: undefined,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): TeamMembership {
        return new TeamMembership(name, undefined, { ...opts, id });
    }
}

/** What a DefaultPermission is made of. */
export interface DefaultPermissionArgs {
    /** The organization. */
    readonly organization: pulumi.Input<string>;
    /** The robot that gets it, NAMESPACE+NAME. Exactly one of robot, user and team is set. */
    readonly robot?: pulumi.Input<string> | undefined;
    /** The user who gets it. */
    readonly user?: pulumi.Input<string> | undefined;
    /** The team that gets it. */
    readonly team?: pulumi.Input<string> | undefined;
    /** Only for repositories that this user or robot makes. Default: whoever makes them. */
    readonly creator?: pulumi.Input<string> | undefined;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    readonly role: pulumi.Input<Role>;
}

/** What a robot, user or team may do in every repository that is made in an organization from then on. An equal one that exists already is taken over; one for another role is an error.
 *
 * Import: `pulumi import quay:index:DefaultPermission NAME acme:team:devs`, the id being ORGANIZATION:KIND:NAME (KIND is robot, user or team), with :CREATOR where it is for one creator's repositories. */
export class DefaultPermission extends pulumi.CustomResource {
    /** The organization. */
    declare readonly organization: pulumi.Output<string>;
    /** The robot that gets it, NAMESPACE+NAME. Exactly one of robot, user and team is set. */
    declare readonly robot: pulumi.Output<string | undefined>;
    /** The user who gets it. */
    declare readonly user: pulumi.Output<string | undefined>;
    /** The team that gets it. */
    declare readonly team: pulumi.Output<string | undefined>;
    /** Only for repositories that this user or robot makes. Default: whoever makes them. */
    declare readonly creator: pulumi.Output<string | undefined>;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    declare readonly role: pulumi.Output<Role>;
    /** What Quay calls it. */
    declare readonly prototypeId: pulumi.Output<string>;

    constructor(name: string, args: DefaultPermissionArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: DefaultPermissionArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:DefaultPermission",
            name,
            {
                organization: args?.organization,
                robot: args?.robot,
                user: args?.user,
                team: args?.team,
                creator: args?.creator,
                role: args?.role,
                prototypeId: undefined,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): DefaultPermission {
        return new DefaultPermission(name, undefined, { ...opts, id });
    }
}

/** What a RepositoryMirror is made of. */
export interface RepositoryMirrorArgs {
    /** The repository that is filled, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The repository to copy from, with its registry: `quay.io/acme/base`. */
    readonly externalReference: pulumi.Input<string>;
    /** Which tags are copied: glob patterns such as `1.*`. */
    readonly tags: pulumi.Input<readonly pulumi.Input<string>[]>;
    /** The robot that pushes, NAMESPACE+NAME, of the same namespace. Quay lets it write to the repository. */
    readonly robot: pulumi.Input<string>;
    /** How often Quay looks for changes, in seconds. Default: 86400. */
    readonly syncIntervalSeconds?: pulumi.Input<number> | undefined;
    /** After how many seconds a synchronization is given up; 300 at least. Default: 300. */
    readonly timeoutSeconds?: pulumi.Input<number> | undefined;
    /** Whether Quay synchronizes it. Default: true. */
    readonly enabled?: pulumi.Input<boolean> | undefined;
    /** Whether HTTPS and a valid certificate of the other registry are required. Default: true. */
    readonly verifyTls?: pulumi.Input<boolean> | undefined;
    /** Who reads there. Default: nobody in particular. */
    readonly username?: pulumi.Input<string> | undefined;
    /** The password that goes with it. Quay does not tell it: a change by hand is not seen. */
    readonly password?: pulumi.Input<string> | undefined;
}

/** Has Quay copy the tags of a repository elsewhere into this one, again and again; nobody else can push to it then. Its Repository has to have the `state` MIRROR. An equal one that exists is taken over, a different one is an error. Quay deletes no such configuration: deleting the resource disables it, removes its credentials, and makes the repository's state NORMAL. Needs FEATURE_REPO_MIRROR.
 *
 * Import: `pulumi import quay:index:RepositoryMirror NAME alice/app`, the id being NAMESPACE/NAME. */
export class RepositoryMirror extends pulumi.CustomResource {
    /** The repository that is filled, NAMESPACE/NAME. */
    declare readonly repository: pulumi.Output<string>;
    /** The repository to copy from, with its registry: `quay.io/acme/base`. */
    declare readonly externalReference: pulumi.Output<string>;
    /** Which tags are copied: glob patterns such as `1.*`. */
    declare readonly tags: pulumi.Output<string[]>;
    /** The robot that pushes, NAMESPACE+NAME, of the same namespace. Quay lets it write to the repository. */
    declare readonly robot: pulumi.Output<string>;
    /** How often Quay looks for changes, in seconds. Default: 86400. */
    declare readonly syncIntervalSeconds: pulumi.Output<number>;
    /** After how many seconds a synchronization is given up; 300 at least. Default: 300. */
    declare readonly timeoutSeconds: pulumi.Output<number>;
    /** Whether Quay synchronizes it. Default: true. */
    declare readonly enabled: pulumi.Output<boolean>;
    /** Whether HTTPS and a valid certificate of the other registry are required. Default: true. */
    declare readonly verifyTls: pulumi.Output<boolean>;
    /** Who reads there. Default: nobody in particular. */
    declare readonly username: pulumi.Output<string | undefined>;
    /** The password that goes with it. Quay does not tell it: a change by hand is not seen. */
    declare readonly password: pulumi.Output<string | undefined>;

    constructor(name: string, args: RepositoryMirrorArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: RepositoryMirrorArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:RepositoryMirror",
            name,
            {
                repository: args?.repository,
                externalReference: args?.externalReference,
                tags: args?.tags,
                robot: args?.robot,
                syncIntervalSeconds: args?.syncIntervalSeconds,
                timeoutSeconds: args?.timeoutSeconds,
                enabled: args?.enabled,
                verifyTls: args?.verifyTls,
                username: args?.username,
                password: args?.password,
            },
            pulumi.mergeOptions({ additionalSecretOutputs: ["password"] }, opts),
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): RepositoryMirror {
        return new RepositoryMirror(name, undefined, { ...opts, id });
    }
}

/** What a ProxyCache is made of. */
export interface ProxyCacheArgs {
    /** The organization that becomes a cache. */
    readonly organization: pulumi.Input<string>;
    /** The registry to pull from, or a namespace there: `docker.io/library`. */
    readonly upstreamRegistry: pulumi.Input<string>;
    /** How long a pulled tag is kept, in seconds. Default: 86400. */
    readonly expirationSeconds?: pulumi.Input<number> | undefined;
    /** Whether it is asked by plain HTTP. Default: false. */
    readonly insecure?: pulumi.Input<boolean> | undefined;
    /** Who pulls there. Default: nobody in particular. */
    readonly username?: pulumi.Input<string> | undefined;
    /** The password that goes with it. Quay tells neither: a change by hand is not seen. */
    readonly password?: pulumi.Input<string> | undefined;
}

/** Makes an organization a cache of another registry: what is pulled from it is pulled there and kept. Quay cannot change one, so another value replaces it, which keeps what was pulled. An equal one that exists is taken over, a different one is an error. Needs FEATURE_PROXY_CACHE, and an organization without immutable tags.
 *
 * Import: `pulumi import quay:index:ProxyCache NAME acme-cache`, the id being ORGANIZATION. */
export class ProxyCache extends pulumi.CustomResource {
    /** The organization that becomes a cache. */
    declare readonly organization: pulumi.Output<string>;
    /** The registry to pull from, or a namespace there: `docker.io/library`. */
    declare readonly upstreamRegistry: pulumi.Output<string>;
    /** How long a pulled tag is kept, in seconds. Default: 86400. */
    declare readonly expirationSeconds: pulumi.Output<number>;
    /** Whether it is asked by plain HTTP. Default: false. */
    declare readonly insecure: pulumi.Output<boolean>;
    /** Who pulls there. Default: nobody in particular. */
    declare readonly username: pulumi.Output<string | undefined>;
    /** The password that goes with it. Quay tells neither: a change by hand is not seen. */
    declare readonly password: pulumi.Output<string | undefined>;

    constructor(name: string, args: ProxyCacheArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: ProxyCacheArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:ProxyCache",
            name,
            {
                organization: args?.organization,
                upstreamRegistry: args?.upstreamRegistry,
                expirationSeconds: args?.expirationSeconds,
                insecure: args?.insecure,
                username: args?.username,
                password: args?.password,
            },
            pulumi.mergeOptions({ additionalSecretOutputs: ["password"] }, opts),
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): ProxyCache {
        return new ProxyCache(name, undefined, { ...opts, id });
    }
}

/** What a Quota is made of. */
export interface QuotaArgs {
    /** The organization that it is for. */
    readonly organization: pulumi.Input<string>;
    /** How many bytes the images of the organization may have. */
    readonly limitBytes: pulumi.Input<number>;
    /** What happens when it fills. Default: nothing. */
    readonly limits?: pulumi.Input<readonly pulumi.Input<QuotaLimit>[]> | undefined;
}

/** How much storage an organization may take. An equal one that exists is taken over, a different one is an error. Needs FEATURE_QUOTA_MANAGEMENT, and the token of a super user with the scope super:user.
 *
 * Import: `pulumi import quay:index:Quota NAME acme`, the id being ORGANIZATION. */
export class Quota extends pulumi.CustomResource {
    /** The organization that it is for. */
    declare readonly organization: pulumi.Output<string>;
    /** How many bytes the images of the organization may have. */
    declare readonly limitBytes: pulumi.Output<number>;
    /** What happens when it fills. Default: nothing. */
    declare readonly limits: pulumi.Output<QuotaLimit[]>;

    constructor(name: string, args: QuotaArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(name: string, args: QuotaArgs | undefined, opts?: pulumi.CustomResourceOptions) {
        super(
            "quay:index:Quota",
            name,
            {
                organization: args?.organization,
                limitBytes: args?.limitBytes,
                limits: args?.limits,
            },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Quota {
        return new Quota(name, undefined, { ...opts, id });
    }
}

/** The arguments of getRepository. */
export interface GetRepositoryArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: string;
}

/** The arguments of getRepositoryOutput. */
export interface GetRepositoryOutputArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
}

/** What getRepository gives. */
export interface GetRepositoryResult {
    /** `public` (anyone may pull) or `private`. */
    readonly visibility: Visibility;
    /** Its description, Markdown, on its page in Quay. Default: "". */
    readonly description: string;
    /** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by mirroring). */
    readonly state: RepositoryState;
    /** NAMESPACE/NAME, what other resources of this package take as a repository. */
    readonly fullName: string;
    /** What docker pulls and pushes: HOST/NAMESPACE/NAME, without a tag. */
    readonly image: string;
    /** Its page in Quay's web interface. */
    readonly url: string;
}

/** A repository that exists, whoever made it. */
export function getRepository(
    args: GetRepositoryArgs,
    opts?: pulumi.InvokeOptions,
): Promise<GetRepositoryResult> {
    return pulumi.runtime.invoke("quay:index:getRepository", { ...args }, opts ?? {});
}

/** A repository that exists, whoever made it. */
export function getRepositoryOutput(
    args: GetRepositoryOutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetRepositoryResult> {
    return pulumi.runtime.invokeOutput("quay:index:getRepository", { ...args }, opts ?? {});
}

/** The arguments of getRobot. */
export interface GetRobotArgs {
    /** The robot, NAMESPACE+NAME. */
    readonly username: string;
}

/** The arguments of getRobotOutput. */
export interface GetRobotOutputArgs {
    /** The robot, NAMESPACE+NAME. */
    readonly username: pulumi.Input<string>;
}

/** What getRobot gives. */
export interface GetRobotResult {
    /** What it logs in to the registry with: NAMESPACE+NAME. */
    readonly username: string;
    /** The password that goes with it. */
    readonly token: string;
    /** What it is for. */
    readonly description: string;
    /** What a namespace is: a user's own, or an organization's. */
    readonly namespaceKind: NamespaceKind;
}

/** A robot that exists, with its token, whoever made it. */
export function getRobot(args: GetRobotArgs, opts?: pulumi.InvokeOptions): Promise<GetRobotResult> {
    return pulumi.runtime.invoke("quay:index:getRobot", { ...args }, opts ?? {});
}

/** A robot that exists, with its token, whoever made it. */
export function getRobotOutput(
    args: GetRobotOutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetRobotResult> {
    return pulumi.runtime.invokeOutput("quay:index:getRobot", { ...args }, opts ?? {});
}

/** The arguments of getTag. */
export interface GetTagArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: string;
    /** The tag. */
    readonly tag: string;
}

/** The arguments of getTagOutput. */
export interface GetTagOutputArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The tag. */
    readonly tag: pulumi.Input<string>;
}

/** What getTag gives. */
export interface GetTagResult {
    /** The tag. */
    readonly name: string;
    /** The digest of the manifest that it points at: `sha256:…`. */
    readonly digest: string;
    /** Whether that is an index of images for several platforms. */
    readonly isManifestList: boolean;
    /** When it was set, as Quay writes dates (RFC 2822). */
    readonly lastModified?: string | undefined;
    /** When it will vanish, where it has an expiration (RFC 2822). */
    readonly expiration?: string | undefined;
    /** Whether it is immutable; false where Quay has no such feature. */
    readonly immutable: boolean;
}

/** The digest that a tag points at now, with what Quay knows about the tag. */
export function getTag(args: GetTagArgs, opts?: pulumi.InvokeOptions): Promise<GetTagResult> {
    return pulumi.runtime.invoke("quay:index:getTag", { ...args }, opts ?? {});
}

/** The digest that a tag points at now, with what Quay knows about the tag. */
export function getTagOutput(
    args: GetTagOutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetTagResult> {
    return pulumi.runtime.invokeOutput("quay:index:getTag", { ...args }, opts ?? {});
}

/** The arguments of listTags. */
export interface ListTagsArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: string;
    /** How many at most. Default: all. */
    readonly limit?: number | undefined;
}

/** The arguments of listTagsOutput. */
export interface ListTagsOutputArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** How many at most. Default: all. */
    readonly limit?: pulumi.Input<number> | undefined;
}

/** What listTags gives. */
export interface ListTagsResult {
    /** The tags. */
    readonly tags: Tag[];
}

/** The tags of a repository, the newest first; deleted ones are not among them. */
export function listTags(args: ListTagsArgs, opts?: pulumi.InvokeOptions): Promise<ListTagsResult> {
    return pulumi.runtime.invoke("quay:index:listTags", { ...args }, opts ?? {});
}

/** The tags of a repository, the newest first; deleted ones are not among them. */
export function listTagsOutput(
    args: ListTagsOutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<ListTagsResult> {
    return pulumi.runtime.invokeOutput("quay:index:listTags", { ...args }, opts ?? {});
}

/** The arguments of getVulnerabilities. */
export interface GetVulnerabilitiesArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: string;
    /** The digest of the image: of one image, not of an index. */
    readonly digest: string;
}

/** The arguments of getVulnerabilitiesOutput. */
export interface GetVulnerabilitiesOutputArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The digest of the image: of one image, not of an index. */
    readonly digest: pulumi.Input<string>;
}

/** What getVulnerabilities gives. */
export interface GetVulnerabilitiesResult {
    /** `scanned`, or why there are no findings yet: `queued`, `failed`, `unsupported`, `manifest_layer_too_large`. */
    readonly status: string;
    /** How many are critical. */
    readonly critical: number;
    /** How many are high. */
    readonly high: number;
    /** How many are medium. */
    readonly medium: number;
    /** How many are low. */
    readonly low: number;
    /** How many are negligible. */
    readonly negligible: number;
    /** How many are of unknown severity. */
    readonly unknown: number;
}

/** What Quay's scanner found in an image, counted by severity. */
export function getVulnerabilities(
    args: GetVulnerabilitiesArgs,
    opts?: pulumi.InvokeOptions,
): Promise<GetVulnerabilitiesResult> {
    return pulumi.runtime.invoke("quay:index:getVulnerabilities", { ...args }, opts ?? {});
}

/** What Quay's scanner found in an image, counted by severity. */
export function getVulnerabilitiesOutput(
    args: GetVulnerabilitiesOutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetVulnerabilitiesResult> {
    return pulumi.runtime.invokeOutput("quay:index:getVulnerabilities", { ...args }, opts ?? {});
}
