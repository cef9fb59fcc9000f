// Generated from the resources and functions in this folder: npm run generate

import * as pulumi from "@pulumi/pulumi";

/** `public` (anyone may pull) or `private`. */
export type Visibility = "public" | "private";

/** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's mirroring). Other values than NORMAL need a Quay with repository mirroring. */
export type RepositoryState = "NORMAL" | "READ_ONLY" | "MIRROR";

/** The kind of a namespace: a user's or an organization's. */
export type NamespaceKind = "user" | "organization";

/** `read` (pull), `write` (pull and push) or `admin`. */
export type Role = "read" | "write" | "admin";

/** The login of a registry. */
export interface CredentialsArgs {
    /** The user, or the robot (NAMESPACE+NAME). */
    readonly username: pulumi.Input<string>;
    /** The password, or the robot's token. */
    readonly password: pulumi.Input<string>;
}

/** The login of a registry. */
export interface Credentials {
    /** The user, or the robot (NAMESPACE+NAME). */
    readonly username: string;
    /** The password, or the robot's token. */
    readonly password: string;
}

/** The severity of a vulnerability, as rated by Quay's scanner. */
export type Severity = "critical" | "high" | "medium" | "low" | "negligible";

/** Allows the promotion of one image despite its scan. */
export interface SeverityExceptionArgs {
    /** The digest of the image that may be promoted. */
    readonly digest: pulumi.Input<string>;
    /** The reason for the exception. */
    readonly reason: pulumi.Input<string>;
    /** The last day on which the image may be promoted: YYYY-MM-DD. */
    readonly expires: pulumi.Input<string>;
}

/** Allows the promotion of one image despite its scan. */
export interface SeverityException {
    /** The digest of the image that may be promoted. */
    readonly digest: string;
    /** The reason for the exception. */
    readonly reason: string;
    /** The last day on which the image may be promoted: YYYY-MM-DD. */
    readonly expires: string;
}

/** The signature that an image must have. */
export interface ImageSignatureArgs {
    /** The public key, in PEM, that the image must be signed with: ECDSA, Ed25519 or RSA. No transparency log is queried. Alternatively set `identities`. */
    readonly publicKey?: pulumi.Input<string> | undefined;
    /** Who may have signed it without a key: subjects of certificates, each an email address or the URI of a workflow. A `*` at the end stands for anything. Needs `issuer`. */
    readonly identities?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
    /** The issuer of the identities' OpenID tokens. Only with `identities`. */
    readonly issuer?: pulumi.Input<string> | undefined;
}

/** The signature that an image must have. */
export interface ImageSignature {
    /** The public key, in PEM, that the image must be signed with: ECDSA, Ed25519 or RSA. No transparency log is queried. Alternatively set `identities`. */
    readonly publicKey?: string | undefined;
    /** Who may have signed it without a key: subjects of certificates, each an email address or the URI of a workflow. A `*` at the end stands for anything. Needs `issuer`. */
    readonly identities?: string[] | undefined;
    /** The issuer of the identities' OpenID tokens. Only with `identities`. */
    readonly issuer?: string | undefined;
}

/** Where an image must have been built. */
export interface ImageProvenanceArgs {
    /** The URL of the GitHub repository: `https://github.com/acme/app`. */
    readonly repository: pulumi.Input<string>;
    /** The path of the workflow there that must have built the image. */
    readonly workflow: pulumi.Input<string>;
    /** The git refs that it may have run for: `refs/heads/main`. A `*` at the end stands for anything. */
    readonly refs: pulumi.Input<readonly pulumi.Input<string>[]>;
    /** The issuer of the jobs' identity tokens. Default: GitHub's. Default: "https://token.actions.githubusercontent.com". */
    readonly issuer?: pulumi.Input<string> | undefined;
}

/** Where an image must have been built. */
export interface ImageProvenance {
    /** The URL of the GitHub repository: `https://github.com/acme/app`. */
    readonly repository: string;
    /** The path of the workflow there that must have built the image. */
    readonly workflow: string;
    /** The git refs that it may have run for: `refs/heads/main`. A `*` at the end stands for anything. */
    readonly refs: string[];
    /** The issuer of the jobs' identity tokens. Default: GitHub's. Default: "https://token.actions.githubusercontent.com". */
    readonly issuer?: string | undefined;
}

/** A source of identity tokens that a robot accepts. */
export interface FederationClaimArgs {
    /** The `iss` of the tokens: `https://token.actions.githubusercontent.com`. */
    readonly issuer: pulumi.Input<string>;
    /** The `sub` of the tokens, exactly: `repo:alice/app:ref:refs/heads/main`. */
    readonly subject: pulumi.Input<string>;
}

/** A source of identity tokens that a robot accepts. */
export interface FederationClaim {
    /** The `iss` of the tokens: `https://token.actions.githubusercontent.com`. */
    readonly issuer: string;
    /** The `sub` of the tokens, exactly: `repo:alice/app:ref:refs/heads/main`. */
    readonly subject: string;
}

/** `number_of_tags` (keep this many, the newest) or `creation_date` (keep the younger ones). */
export type PruneMethod = "number_of_tags" | "creation_date";

/** What to do if this feature is disabled in Quay, or if Quay is too old for it: `fail`, or `warn` and continue without the policy. Once Quay supports it, `pulumi refresh` detects that, and the next `pulumi up` creates the policy. */
export type IfUnsupported = "fail" | "warn";

/** The event: `repo_push`, `vulnerability_found`, `repo_image_expiry`, … */
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

/** The method: `webhook`, `slack`, `email`, `quay_notification`, … */
export type NotificationMethod =
    "webhook" | "slack" | "email" | "quay_notification" | "flowdock" | "hipchat";

/** `member`, `creator` (may create repositories) or `admin` (administers the organization). */
export type TeamRole = "member" | "creator" | "admin";

/** What happens at a percentage of the quota. */
export interface QuotaLimitArgs {
    /** `Warning` notifies the administrators, `Reject` refuses pushes too. */
    readonly type: pulumi.Input<string>;
    /** The percentage of the quota at which the limit applies: 1 to 100. */
    readonly percent: pulumi.Input<number>;
}

/** What happens at a percentage of the quota. */
export interface QuotaLimit {
    /** `Warning` notifies the administrators, `Reject` refuses pushes too. */
    readonly type: string;
    /** The percentage of the quota at which the limit applies: 1 to 100. */
    readonly percent: number;
}

/** A tag of a repository. */
export interface TagArgs {
    /** The tag. */
    readonly name: pulumi.Input<string>;
    /** The digest of the manifest that the tag points to: `sha256:…`. */
    readonly digest: pulumi.Input<string>;
    /** Whether the manifest is an index of images for several platforms. */
    readonly isManifestList: pulumi.Input<boolean>;
    /** The time at which the tag was set, in RFC 2822 format. */
    readonly lastModified?: pulumi.Input<string> | undefined;
    /** The time at which Quay will remove the tag (RFC 2822); absent if never. */
    readonly expiration?: pulumi.Input<string> | undefined;
    /** Whether the tag is immutable; false if Quay does not have this feature. */
    readonly immutable: pulumi.Input<boolean>;
}

/** A tag of a repository. */
export interface Tag {
    /** The tag. */
    readonly name: string;
    /** The digest of the manifest that the tag points to: `sha256:…`. */
    readonly digest: string;
    /** Whether the manifest is an index of images for several platforms. */
    readonly isManifestList: boolean;
    /** The time at which the tag was set, in RFC 2822 format. */
    readonly lastModified?: string | undefined;
    /** The time at which Quay will remove the tag (RFC 2822); absent if never. */
    readonly expiration?: string | undefined;
    /** Whether the tag is immutable; false if Quay does not have this feature. */
    readonly immutable: boolean;
}

/** The settings of a Provider. */
export interface ProviderArgs {
    /** The URL of Quay's website. Default: the environment variable QUAY_URL, else https://quay.io. */
    readonly url?: pulumi.Input<string> | undefined;
    /** The NAME of the environment variable that holds the API token: two providers with two names serve two accounts. Default: QUAY_TOKEN. */
    readonly tokenVariable?: pulumi.Input<string> | undefined;
    /** The maximum number of concurrent requests to Quay. Default: 8. */
    readonly maxParallelRequests?: pulumi.Input<number> | undefined;
}

/** A Quay and an account on it. The API token is read from an environment variable (QUAY_TOKEN, or the one named in `tokenVariable`), never from the program, so that it is in no state and no diff.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import * as quay from "pulumi-quay";
 *
 * const config = new pulumi.Config();
 * // A second Quay, or a second account. Its token is in PARTNER_QUAY_TOKEN.
 * const partner = new quay.Provider("partner", {
 *     url: config.require("partnerUrl"),
 *     tokenVariable: "PARTNER_QUAY_TOKEN",
 * });
 * new quay.Repository("exchange", { namespace: "partner", name: "exchange" }, { provider: partner });
 * ``` */
export class Provider extends pulumi.ProviderResource {
    constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
        super("quay", name, { ...args }, opts);
    }
}

/** The arguments of a new Repository. */
export interface RepositoryArgs {
    /** The user or organization that owns the repository. */
    readonly namespace: pulumi.Input<string>;
    /** The name within the namespace; may contain slashes. */
    readonly name: pulumi.Input<string>;
    /** `public` (anyone may pull) or `private`. Default: "private". */
    readonly visibility?: pulumi.Input<Visibility> | undefined;
    /** The description on the repository's page in Quay, in Markdown. Default: "". */
    readonly description?: pulumi.Input<string> | undefined;
    /** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's mirroring). Other values than NORMAL need a Quay with repository mirroring. Default: "NORMAL". */
    readonly state?: pulumi.Input<RepositoryState> | undefined;
}

/** A repository for container images, in a user's or an organization's namespace. If it exists already, the error says how to import it.
 *
 * Import: `pulumi import quay:index:Repository NAME alice/app`, the id being NAMESPACE/NAME.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const digits = new quay.Repository("digits", {
 *     namespace: "acme",
 *     name: "digits",
 *     description: "Recognizes handwritten digits.",
 *     visibility: "public",
 * });
 * export const digitsImage = digits.image; // as in `docker pull`
 * ``` */
export class Repository extends pulumi.CustomResource {
    /** The user or organization that owns the repository. */
    declare readonly namespace: pulumi.Output<string>;
    /** The name within the namespace; may contain slashes. */
    declare readonly name: pulumi.Output<string>;
    /** `public` (anyone may pull) or `private`. Default: "private". */
    declare readonly visibility: pulumi.Output<Visibility>;
    /** The description on the repository's page in Quay, in Markdown. Default: "". */
    declare readonly description: pulumi.Output<string>;
    /** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's mirroring). Other values than NORMAL need a Quay with repository mirroring. Default: "NORMAL". */
    declare readonly state: pulumi.Output<RepositoryState>;
    /** NAMESPACE/NAME, as other resources of this package expect it. */
    declare readonly fullName: pulumi.Output<string>;
    /** The name for docker pull and push: HOST/NAMESPACE/NAME, without a tag. */
    declare readonly image: pulumi.Output<string>;
    /** The URL of the repository's page in Quay's web interface. */
    declare readonly url: pulumi.Output<string>;

    constructor(name: string, args: RepositoryArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Repository {
        return new Repository(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new Robot. */
export interface RobotArgs {
    /** The user or organization that owns the robot. */
    readonly namespace: pulumi.Input<string>;
    /** The name within the namespace. */
    readonly name: pulumi.Input<string>;
    /** The description of the robot. Quay cannot change it: another description replaces the robot and its token. Default: "". */
    readonly description?: pulumi.Input<string> | undefined;
}

/** A robot account: a user name and a token with which machines pull and push, in a user's or an organization's namespace. Has no permissions until it is given some. If it exists already, the error says how to import it.
 *
 * Import: `pulumi import quay:index:Robot NAME alice+deploy`, the id being NAMESPACE+NAME.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const ci = new quay.Robot("ci", {
 *     namespace: "acme",
 *     name: "ci",
 *     description: "Pushes images from the pipeline.",
 * });
 * export const ciUsername = ci.username; // acme+ci
 * export const ciToken = ci.token; // a secret
 * ``` */
export class Robot extends pulumi.CustomResource {
    /** The user or organization that owns the robot. */
    declare readonly namespace: pulumi.Output<string>;
    /** The name within the namespace. */
    declare readonly name: pulumi.Output<string>;
    /** The description of the robot. Quay cannot change it: another description replaces the robot and its token. Default: "". */
    declare readonly description: pulumi.Output<string>;
    /** The user name for the registry: NAMESPACE+NAME. */
    declare readonly username: pulumi.Output<string>;
    /** The password for the registry. A refresh detects a token that was regenerated manually, and the next `up` passes it on. */
    declare readonly token: pulumi.Output<string>;
    /** The kind of a namespace: a user's or an organization's. */
    declare readonly namespaceKind: pulumi.Output<NamespaceKind>;

    constructor(name: string, args: RobotArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Robot {
        return new Robot(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new RepositoryPermission. */
export interface RepositoryPermissionArgs {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    readonly repository: pulumi.Input<string>;
    /** The robot that gets the role, NAMESPACE+NAME: the `username` of a Robot. Exactly one of robot, user and team is set. */
    readonly robot?: pulumi.Input<string> | undefined;
    /** The user who gets the role. */
    readonly user?: pulumi.Input<string> | undefined;
    /** The team that gets the role; only in an organization's repositories. */
    readonly team?: pulumi.Input<string> | undefined;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    readonly role: pulumi.Input<Role>;
}

/** Gives a robot, a user or a team a role in a repository. An equal permission that exists already, or one set by a default permission of the organization, is taken over; a different one is an error.
 *
 * Import: `pulumi import quay:index:RepositoryPermission NAME alice/app:robot:alice+deploy`, the id being REPOSITORY:KIND:NAME (KIND is robot, user or team).
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const api = new quay.Repository("api", { namespace: "acme", name: "api" });
 * const deployer = new quay.Robot("deployer", { namespace: "acme", name: "deployer" });
 * new quay.RepositoryPermission("deployer-pulls", {
 *     repository: api.fullName,
 *     robot: deployer.username,
 *     role: "read",
 * });
 * ``` */
export class RepositoryPermission extends pulumi.CustomResource {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    declare readonly repository: pulumi.Output<string>;
    /** The robot that gets the role, NAMESPACE+NAME: the `username` of a Robot. Exactly one of robot, user and team is set. */
    declare readonly robot: pulumi.Output<string | undefined>;
    /** The user who gets the role. */
    declare readonly user: pulumi.Output<string | undefined>;
    /** The team that gets the role; only in an organization's repositories. */
    declare readonly team: pulumi.Output<string | undefined>;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    declare readonly role: pulumi.Output<Role>;

    constructor(name: string, args: RepositoryPermissionArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): RepositoryPermission {
        return new RepositoryPermission(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new PromotedImage. */
export interface PromotedImageArgs {
    /** The repository to copy to, with its registry: the `image` of a Repository. */
    readonly target: pulumi.Input<string>;
    /** The repository to copy from, with its registry: `quay.io/alice/app`. May be the target. */
    readonly source: pulumi.Input<string>;
    /** The tag in the source to promote. Its digest is looked up only when the tag or the source changes. Alternatively set `digest`. */
    readonly version?: pulumi.Input<string> | undefined;
    /** The digest to promote: `sha256:…`. Default: the digest that `version` points to. */
    readonly digest?: pulumi.Input<string> | undefined;
    /** The version tags to set in the target: each must be new there or have this digest already. Default: the version. */
    readonly tags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
    /** Further tags that move with every promotion, such as `latest`: set when something changes, never compared. `{{major}}.{{minor}}` follows versions: it stands for the tag `1.1` with the version tag 1.1.0. Default: none. */
    readonly floatingTags?: pulumi.Input<readonly pulumi.Input<string>[]> | undefined;
    /** The login that reads the source. Default: on the provider's own Quay its API token, which needs no robot; on another registry none. */
    readonly sourceCredentials?: pulumi.Input<Credentials> | undefined;
    /** The login that writes to the target. Default: on the provider's own Quay its API token, which needs no robot; on another registry none. */
    readonly targetCredentials?: pulumi.Input<Credentials> | undefined;
    /** Promotes only an image that Quay has scanned without findings of this severity or a higher one. Checked when the digest, this or the exception changes. Default: scans are ignored. */
    readonly maxSeverity?: pulumi.Input<Severity> | undefined;
    /** Allows one digest despite maxSeverity. Default: none. */
    readonly severityException?: pulumi.Input<SeverityException> | undefined;
    /** Promotes only an image whose digest cosign has signed with this key, or for this identity. Verified when the digest or this changes, also in a preview if the digest is known there. Default: signatures are ignored. */
    readonly signature?: pulumi.Input<ImageSignature> | undefined;
    /** Promotes only an image that this workflow has built on GitHub's own runners, by the attestation of its digest in the registry. Verified like a signature. Default: attestations are ignored. */
    readonly provenance?: pulumi.Input<ImageProvenance> | undefined;
    /** The authorities and logs that provenance and signatures of identities are verified with: the text of Sigstore's trusted_root.json, or several as JSON Lines. In no diff and no state. Default: Sigstore's public ones, from tuf-repo-cdn.sigstore.dev. */
    readonly trustedRoot?: pulumi.Input<string> | undefined;
    /** Promotes only an image that the source's tag `running` names or has named, by Quay's tag history, which forgets an image some time after it ceased to run. Checked when the digest changes, also in a preview if the digest is known there. What the target has under its version tags was promoted before and passes. Default: false. Default: false. */
    readonly requireRunning?: pulumi.Input<boolean> | undefined;
    /** With requireRunning: how long the tag has to have named the image without a break, as in `30m`, `1h`, `7d` (s, m, h, d, w). Default: any time. */
    readonly soak?: pulumi.Input<string> | undefined;
    /** The commit that the image was built from. Default: what its label `org.opencontainers.image.revision` says, read once for a digest that was looked up; else empty. */
    readonly commit?: pulumi.Input<string> | undefined;
    /** The size of the image in bytes, compressed as a node pulls it; of an index, that of its largest image. Default: what its manifest says, read once for a digest that was looked up; not known of a digest that was given, of an index of indexes or of more than 20 images, or where an image of the index cannot be read. */
    readonly size?: pulumi.Input<number> | undefined;
    /** What runs the source's images, for the messages of requireRunning. In no diff and no state. Default: the source. */
    readonly environment?: pulumi.Input<string> | undefined;
    /** For a preview: who will publish a version that does not exist in the source yet. A missing version is then a warning, and the digest is unknown; so is one that does not run there, with requireRunning. In no diff and no state. Default: both are errors. */
    readonly publishedBy?: pulumi.Input<string> | undefined;
    /** The command that publishes a version that does not exist in the source, for the error. In no diff and no state. Default: none is named. */
    readonly howToPublish?: pulumi.Input<string> | undefined;
}

/** Promotes an image, or an index of images for several platforms: copies it by its digest to tags of another repository, or of the same one, without a build or a pull. Signatures and attestations are copied too. A version tag is never moved: one that points to another digest is an error. Deleting the resource deletes no tag.
 *
 * Import: `pulumi import quay:index:PromotedImage NAME quay.io/alice/app_prod:1.0.0+latest`, the id being REGISTRY/REPOSITORY:TAG, with a comma before each further version tag and a plus before each floating tag.
 *
 * What neither an import nor a refresh sees, because Quay does not tell it: `source`, `version`, `sourceCredentials`, `targetCredentials`, `maxSeverity`, `severityException`, `signature`, `provenance`, `requireRunning`, `soak`. What your program says of it after an import is no change, and Quay keeps what it has. From the first `up` on, another value in the program is a change.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const staging = quay.getRepositoryOutput({ repository: "acme/shop_staging" });
 * const production = new quay.Repository("shop", { namespace: "acme", name: "shop" });
 * const release = new quay.PromotedImage("shop", {
 *     source: staging.image,
 *     target: production.image,
 *     version: "1.4.0",
 *     floatingTags: ["latest"],
 *     maxSeverity: "critical", // refuses an image with a critical finding
 * });
 * export const shopImage = release.image; // with its digest: what to deploy
 * ``` */
export class PromotedImage extends pulumi.CustomResource {
    /** The repository to copy to, with its registry: the `image` of a Repository. */
    declare readonly target: pulumi.Output<string>;
    /** The repository to copy from, with its registry: `quay.io/alice/app`. May be the target. */
    declare readonly source: pulumi.Output<string>;
    /** The tag in the source to promote. Its digest is looked up only when the tag or the source changes. Alternatively set `digest`. */
    declare readonly version: pulumi.Output<string | undefined>;
    /** The promoted digest. */
    declare readonly digest: pulumi.Output<string>;
    /** The version tags in the target. */
    declare readonly tags: pulumi.Output<string[]>;
    /** Further tags that move with every promotion, such as `latest`: set when something changes, never compared. `{{major}}.{{minor}}` follows versions: it stands for the tag `1.1` with the version tag 1.1.0. Default: none. */
    declare readonly floatingTags: pulumi.Output<string[]>;
    /** The login that reads the source. Default: on the provider's own Quay its API token, which needs no robot; on another registry none. */
    declare readonly sourceCredentials: pulumi.Output<Credentials | undefined>;
    /** The login that writes to the target. Default: on the provider's own Quay its API token, which needs no robot; on another registry none. */
    declare readonly targetCredentials: pulumi.Output<Credentials | undefined>;
    /** Promotes only an image that Quay has scanned without findings of this severity or a higher one. Checked when the digest, this or the exception changes. Default: scans are ignored. */
    declare readonly maxSeverity: pulumi.Output<Severity | undefined>;
    /** Allows one digest despite maxSeverity. Default: none. */
    declare readonly severityException: pulumi.Output<SeverityException | undefined>;
    /** Promotes only an image whose digest cosign has signed with this key, or for this identity. Verified when the digest or this changes, also in a preview if the digest is known there. Default: signatures are ignored. */
    declare readonly signature: pulumi.Output<ImageSignature | undefined>;
    /** Promotes only an image that this workflow has built on GitHub's own runners, by the attestation of its digest in the registry. Verified like a signature. Default: attestations are ignored. */
    declare readonly provenance: pulumi.Output<ImageProvenance | undefined>;
    /** The authorities and logs that provenance and signatures of identities are verified with: the text of Sigstore's trusted_root.json, or several as JSON Lines. In no diff and no state. Default: Sigstore's public ones, from tuf-repo-cdn.sigstore.dev. */
    declare readonly trustedRoot: pulumi.Output<string | undefined>;
    /** Promotes only an image that the source's tag `running` names or has named, by Quay's tag history, which forgets an image some time after it ceased to run. Checked when the digest changes, also in a preview if the digest is known there. What the target has under its version tags was promoted before and passes. Default: false. Default: false. */
    declare readonly requireRunning: pulumi.Output<boolean>;
    /** With requireRunning: how long the tag has to have named the image without a break, as in `30m`, `1h`, `7d` (s, m, h, d, w). Default: any time. */
    declare readonly soak: pulumi.Output<string | undefined>;
    /** The commit that it was built from; empty where that is not known. Default: "". */
    declare readonly commit: pulumi.Output<string>;
    /** The size in bytes, compressed as a node pulls it; absent if not known. */
    declare readonly size: pulumi.Output<number | undefined>;
    /** What runs the source's images, for the messages of requireRunning. In no diff and no state. Default: the source. */
    declare readonly environment: pulumi.Output<string | undefined>;
    /** For a preview: who will publish a version that does not exist in the source yet. A missing version is then a warning, and the digest is unknown; so is one that does not run there, with requireRunning. In no diff and no state. Default: both are errors. */
    declare readonly publishedBy: pulumi.Output<string | undefined>;
    /** The command that publishes a version that does not exist in the source, for the error. In no diff and no state. Default: none is named. */
    declare readonly howToPublish: pulumi.Output<string | undefined>;
    /** The image to deploy: REGISTRY/REPOSITORY@DIGEST. */
    declare readonly image: pulumi.Output<string>;

    constructor(name: string, args: PromotedImageArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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
                provenance: args?.provenance,
                trustedRoot: args?.trustedRoot,
                requireRunning: args?.requireRunning,
                soak: args?.soak,
                commit: args?.commit,
                size: args?.size,
                environment: args?.environment,
                publishedBy: args?.publishedBy,
                howToPublish: args?.howToPublish,
                image: undefined,
            },
            pulumi.mergeOptions(
                { additionalSecretOutputs: ["sourceCredentials", "targetCredentials"] },
                opts,
            ),
        );
    }

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): PromotedImage {
        return new PromotedImage(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new FloatingTag. */
export interface FloatingTagArgs {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    readonly repository: pulumi.Input<string>;
    /** The tag. No immutability policy may match it. */
    readonly tag: pulumi.Input<string>;
    /** The image's digest, which the repository has. */
    readonly digest: pulumi.Input<string>;
}

/** A tag that names one image of its repository and moves when the digest changes. A tag of that name that exists already is moved; one that names the digest already is not set again. A tag that was moved or removed by hand is set back. Deleting the resource removes the tag. Quay's tag history says what it named and when.
 *
 * Import: `pulumi import quay:index:FloatingTag NAME alice/app:running`, the id being REPOSITORY:TAG.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const tested = quay.getTagOutput({ repository: "acme/website", tag: "2.0.0" });
 * new quay.FloatingTag("stable", {
 *     repository: "acme/website",
 *     tag: "stable",
 *     digest: tested.digest,
 * });
 * ``` */
export class FloatingTag extends pulumi.CustomResource {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    declare readonly repository: pulumi.Output<string>;
    /** The tag. No immutability policy may match it. */
    declare readonly tag: pulumi.Output<string>;
    /** The image's digest, which the repository has. */
    declare readonly digest: pulumi.Output<string>;

    constructor(name: string, args: FloatingTagArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
    constructor(
        name: string,
        args: undefined,
        opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> },
    );
    constructor(
        name: string,
        args: FloatingTagArgs | undefined,
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "quay:index:FloatingTag",
            name,
            { repository: args?.repository, tag: args?.tag, digest: args?.digest },
            opts,
        );
    }

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): FloatingTag {
        return new FloatingTag(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new RobotFederation. */
export interface RobotFederationArgs {
    /** The robot, NAMESPACE+NAME: the `username` of a Robot. */
    readonly robot: pulumi.Input<string>;
    /** All accepted claims, in any order. */
    readonly claims: pulumi.Input<readonly pulumi.Input<FederationClaim>[]>;
}

/** Defines which OIDC identity tokens a robot accepts instead of its own token, so that jobs log in without a stored password. A federation with the same claims that exists already is taken over; one with other claims is an error.
 *
 * Import: `pulumi import quay:index:RobotFederation NAME alice+deploy`, the id being NAMESPACE+NAME (the robot).
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const actions = new quay.Robot("actions", { namespace: "acme", name: "actions" });
 * // Jobs of this branch on GitHub log in as the robot, without a password.
 * new quay.RobotFederation("actions", {
 *     robot: actions.username,
 *     claims: [
 *         {
 *             issuer: "https://token.actions.githubusercontent.com",
 *             subject: "repo:acme/shop:ref:refs/heads/main",
 *         },
 *     ],
 * });
 * ``` */
export class RobotFederation extends pulumi.CustomResource {
    /** The robot, NAMESPACE+NAME: the `username` of a Robot. */
    declare readonly robot: pulumi.Output<string>;
    /** All accepted claims, in any order. */
    declare readonly claims: pulumi.Output<FederationClaim[]>;
    /** The kind of a namespace: a user's or an organization's. */
    declare readonly namespaceKind: pulumi.Output<NamespaceKind>;

    constructor(name: string, args: RobotFederationArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): RobotFederation {
        return new RobotFederation(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new AutoPrunePolicy. */
export interface AutoPrunePolicyArgs {
    /** The repository that the policy applies to, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    readonly repository?: pulumi.Input<string> | undefined;
    /** The organization, or the token's own user name, to all of whose repositories the policy applies. */
    readonly namespace?: pulumi.Input<string> | undefined;
    /** `number_of_tags` (keep this many, the newest) or `creation_date` (keep the younger ones). */
    readonly method: pulumi.Input<PruneMethod>;
    /** With number_of_tags the number of tags to keep: `"20"`; with creation_date their maximum age: `"30d"` (s, m, h, d, w or y). */
    readonly value: pulumi.Input<string>;
    /** A regular expression: only tags are removed of which any part matches. Default: all tags. */
    readonly tagPattern?: pulumi.Input<string> | undefined;
    /** `false`: only tags that do NOT match the pattern are removed. Default: true. */
    readonly tagPatternMatches?: pulumi.Input<boolean> | undefined;
    /** What to do if this feature is disabled in Quay, or if Quay is too old for it: `fail`, or `warn` and continue without the policy. Once Quay supports it, `pulumi refresh` detects that, and the next `pulumi up` creates the policy. */
    readonly ifUnsupported?: pulumi.Input<IfUnsupported> | undefined;
}

/** Defines which tags of a repository, or of all repositories of a namespace, Quay removes automatically. An equal policy that exists already is taken over.
 *
 * Import: `pulumi import quay:index:AutoPrunePolicy NAME alice/app:0a1b2c3d-0000-4000-8000-000000000000`, the id being REPOSITORY:UUID or NAMESPACE:UUID; the UUID may be left out where there is one policy.
 *
 * What neither an import nor a refresh sees, because Quay does not tell it: `ifUnsupported`. What your program says of it after an import is no change, and Quay keeps what it has. From the first `up` on, another value in the program is a change.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const builds = new quay.Repository("builds", { namespace: "acme", name: "builds" });
 * // Images of pull requests are removed after 30 days.
 * new quay.AutoPrunePolicy("old-builds", {
 *     repository: builds.fullName,
 *     method: "creation_date",
 *     value: "30d",
 *     tagPattern: "^pr-",
 * });
 * ``` */
export class AutoPrunePolicy extends pulumi.CustomResource {
    /** The repository that the policy applies to, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    declare readonly repository: pulumi.Output<string | undefined>;
    /** The organization, or the token's own user name, to all of whose repositories the policy applies. */
    declare readonly namespace: pulumi.Output<string | undefined>;
    /** `number_of_tags` (keep this many, the newest) or `creation_date` (keep the younger ones). */
    declare readonly method: pulumi.Output<PruneMethod>;
    /** With number_of_tags the number of tags to keep: `"20"`; with creation_date their maximum age: `"30d"` (s, m, h, d, w or y). */
    declare readonly value: pulumi.Output<string>;
    /** A regular expression: only tags are removed of which any part matches. Default: all tags. */
    declare readonly tagPattern: pulumi.Output<string | undefined>;
    /** `false`: only tags that do NOT match the pattern are removed. Default: true. */
    declare readonly tagPatternMatches: pulumi.Output<boolean>;
    /** What to do if this feature is disabled in Quay, or if Quay is too old for it: `fail`, or `warn` and continue without the policy. Once Quay supports it, `pulumi refresh` detects that, and the next `pulumi up` creates the policy. */
    declare readonly ifUnsupported: pulumi.Output<IfUnsupported>;
    /** The policy's UUID in Quay; `unsupported` if there was only a warning. */
    declare readonly uuid: pulumi.Output<string>;

    constructor(name: string, args: AutoPrunePolicyArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): AutoPrunePolicy {
        return new AutoPrunePolicy(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new TagImmutabilityPolicy. */
export interface TagImmutabilityPolicyArgs {
    /** The repository that the policy applies to, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    readonly repository?: pulumi.Input<string> | undefined;
    /** The organization, or the token's own user name, to all of whose repositories the policy applies. */
    readonly namespace?: pulumi.Input<string> | undefined;
    /** A regular expression that must match the WHOLE tag: `v.*` protects v1, `^v` protects nothing. */
    readonly tagPattern: pulumi.Input<string>;
    /** `false`: the tags that do NOT match the pattern are immutable. Default: true. */
    readonly tagPatternMatches?: pulumi.Input<boolean> | undefined;
    /** What to do if this feature is disabled in Quay, or if Quay is too old for it: `fail`, or `warn` and continue without the policy. Once Quay supports it, `pulumi refresh` detects that, and the next `pulumi up` creates the policy. */
    readonly ifUnsupported?: pulumi.Input<IfUnsupported> | undefined;
}

/** Defines which tags can be neither moved nor removed. Applies to existing tags at once. Deleting the policy does not make them mutable again. An equal policy that exists already is taken over; one with the same pattern and the opposite `tagPatternMatches` is an error.
 *
 * Import: `pulumi import quay:index:TagImmutabilityPolicy NAME alice/app:0a1b2c3d-0000-4000-8000-000000000000`, the id being REPOSITORY:UUID or NAMESPACE:UUID; the UUID may be left out where there is one policy.
 *
 * What neither an import nor a refresh sees, because Quay does not tell it: `ifUnsupported`. What your program says of it after an import is no change, and Quay keeps what it has. From the first `up` on, another value in the program is a change.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const releases = new quay.Repository("releases", { namespace: "acme", name: "releases" });
 * // Nobody can move or remove the tag of a version, such as 1.4.0.
 * new quay.TagImmutabilityPolicy("versions", {
 *     repository: releases.fullName,
 *     tagPattern: "[0-9]+[.][0-9]+[.][0-9]+",
 * });
 * ``` */
export class TagImmutabilityPolicy extends pulumi.CustomResource {
    /** The repository that the policy applies to, NAMESPACE/NAME. Exactly one of repository and namespace is set. */
    declare readonly repository: pulumi.Output<string | undefined>;
    /** The organization, or the token's own user name, to all of whose repositories the policy applies. */
    declare readonly namespace: pulumi.Output<string | undefined>;
    /** A regular expression that must match the WHOLE tag: `v.*` protects v1, `^v` protects nothing. */
    declare readonly tagPattern: pulumi.Output<string>;
    /** `false`: the tags that do NOT match the pattern are immutable. Default: true. */
    declare readonly tagPatternMatches: pulumi.Output<boolean>;
    /** What to do if this feature is disabled in Quay, or if Quay is too old for it: `fail`, or `warn` and continue without the policy. Once Quay supports it, `pulumi refresh` detects that, and the next `pulumi up` creates the policy. */
    declare readonly ifUnsupported: pulumi.Output<IfUnsupported>;
    /** The policy's UUID in Quay; `unsupported` if there was only a warning. */
    declare readonly uuid: pulumi.Output<string>;

    constructor(name: string, args: TagImmutabilityPolicyArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): TagImmutabilityPolicy {
        return new TagImmutabilityPolicy(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new Notification. */
export interface NotificationArgs {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    readonly repository: pulumi.Input<string>;
    /** The event: `repo_push`, `vulnerability_found`, `repo_image_expiry`, … */
    readonly event: pulumi.Input<NotificationEvent>;
    /** The method: `webhook`, `slack`, `email`, `quay_notification`, … */
    readonly method: pulumi.Input<NotificationMethod>;
    /** The settings of the method: webhook `{url, template?}`, slack `{url}`, email `{email}`, quay_notification `{target: {name, kind}}` (kind: user, team or org), flowdock `{flow_api_token}`, hipchat `{notification_token, room_id}`. A secret, because some of them are. */
    readonly config: pulumi.Input<Readonly<Record<string, unknown>>>;
    /** The settings of the event: repo_image_expiry `{days}`, vulnerability_found `{level}` (the lowest severity: 0 Critical … 5 Unknown), build_* `{ref-regex}`. Default: none. */
    readonly eventConfig?: pulumi.Input<Readonly<Record<string, unknown>>> | undefined;
    /** The name shown in Quay's web interface. Default: "". */
    readonly title?: pulumi.Input<string> | undefined;
}

/** Sends a notification on an event in a repository. Quay cannot change a notification: every change replaces it. Quay accepts several equal ones.
 *
 * Import: `pulumi import quay:index:Notification NAME alice/app:0a1b2c3d-0000-4000-8000-000000000000`, the id being REPOSITORY:UUID, or REPOSITORY:TITLE.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import * as quay from "pulumi-quay";
 *
 * const config = new pulumi.Config();
 * new quay.Notification("findings", {
 *     repository: "acme/shop_staging",
 *     event: "vulnerability_found",
 *     eventConfig: { level: 1 }, // high and above
 *     method: "slack",
 *     config: { url: config.requireSecret("slackUrl") },
 *     title: "Findings of the scanner",
 * });
 * ``` */
export class Notification extends pulumi.CustomResource {
    /** The repository, NAMESPACE/NAME: the `fullName` of a Repository. */
    declare readonly repository: pulumi.Output<string>;
    /** The event: `repo_push`, `vulnerability_found`, `repo_image_expiry`, … */
    declare readonly event: pulumi.Output<NotificationEvent>;
    /** The method: `webhook`, `slack`, `email`, `quay_notification`, … */
    declare readonly method: pulumi.Output<NotificationMethod>;
    /** The settings of the method: webhook `{url, template?}`, slack `{url}`, email `{email}`, quay_notification `{target: {name, kind}}` (kind: user, team or org), flowdock `{flow_api_token}`, hipchat `{notification_token, room_id}`. A secret, because some of them are. */
    declare readonly config: pulumi.Output<Record<string, unknown>>;
    /** The settings of the event: repo_image_expiry `{days}`, vulnerability_found `{level}` (the lowest severity: 0 Critical … 5 Unknown), build_* `{ref-regex}`. Default: none. */
    declare readonly eventConfig: pulumi.Output<Record<string, unknown>>;
    /** The name shown in Quay's web interface. Default: "". */
    declare readonly title: pulumi.Output<string>;
    /** The UUID in Quay. */
    declare readonly uuid: pulumi.Output<string>;

    constructor(name: string, args: NotificationArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Notification {
        return new Notification(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new Organization. */
export interface OrganizationArgs {
    /** The name of the organization. */
    readonly name: pulumi.Input<string>;
    /** The contact e-mail address. Default: left as it is in Quay. */
    readonly email?: pulumi.Input<string> | undefined;
    /** The time in which a deleted tag can be restored, in seconds: one of the values that the server allows (quay.io: 0, 86400, 604800, 1209600, 2419200). Default: 1209600. */
    readonly tagExpirationSeconds?: pulumi.Input<number> | undefined;
}

/** An organization: a namespace shared by users and robots. If it exists already, the error says how to import it. After its deletion Quay reserves the name for a while.
 *
 * Import: `pulumi import quay:index:Organization NAME acme`, the id being NAME.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * new quay.Organization("research", {
 *     name: "acme-research",
 *     email: "research@example.com",
 *     tagExpirationSeconds: 604800, // a deleted tag can be restored for a week
 * });
 * ``` */
export class Organization extends pulumi.CustomResource {
    /** The name of the organization. */
    declare readonly name: pulumi.Output<string>;
    /** The contact e-mail address. Default: left as it is in Quay. */
    declare readonly email: pulumi.Output<string | undefined>;
    /** The time in which a deleted tag can be restored, in seconds: one of the values that the server allows (quay.io: 0, 86400, 604800, 1209600, 2419200). Default: 1209600. */
    declare readonly tagExpirationSeconds: pulumi.Output<number>;

    constructor(name: string, args: OrganizationArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Organization {
        return new Organization(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new Team. */
export interface TeamArgs {
    /** The organization that the team belongs to. */
    readonly organization: pulumi.Input<string>;
    /** The name within the organization. */
    readonly name: pulumi.Input<string>;
    /** The role of its members in the organization: `member`, `creator` or `admin`. Default: "member". */
    readonly role?: pulumi.Input<TeamRole> | undefined;
    /** The description, in Markdown. Default: "". */
    readonly description?: pulumi.Input<string> | undefined;
}

/** A team of users and robots of an organization. If it exists already, the error says how to import it.
 *
 * Import: `pulumi import quay:index:Team NAME acme:devs`, the id being ORGANIZATION:TEAM.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * new quay.Team("developers", {
 *     organization: "acme",
 *     name: "developers",
 *     role: "creator", // its members may create repositories
 *     description: "Everyone who writes services.",
 * });
 * ``` */
export class Team extends pulumi.CustomResource {
    /** The organization that the team belongs to. */
    declare readonly organization: pulumi.Output<string>;
    /** The name within the organization. */
    declare readonly name: pulumi.Output<string>;
    /** The role of its members in the organization: `member`, `creator` or `admin`. Default: "member". */
    declare readonly role: pulumi.Output<TeamRole>;
    /** The description, in Markdown. Default: "". */
    declare readonly description: pulumi.Output<string>;

    constructor(name: string, args: TeamArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): Team {
        return new Team(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new TeamMembership. */
export interface TeamMembershipArgs {
    /** The organization. */
    readonly organization: pulumi.Input<string>;
    /** The team: the `name` of a Team. */
    readonly team: pulumi.Input<string>;
    /** The user, or the robot (NAMESPACE+NAME). */
    readonly member: pulumi.Input<string>;
}

/** Adds a user or robot to a team. An existing membership is taken over.
 *
 * Import: `pulumi import quay:index:TeamMembership NAME acme:devs:acme+deploy`, the id being ORGANIZATION:TEAM:MEMBER.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const reviewers = new quay.Team("reviewers", { organization: "acme", name: "reviewers" });
 * new quay.TeamMembership("bob-reviews", {
 *     organization: "acme",
 *     team: reviewers.name,
 *     member: "bob",
 * });
 * ``` */
export class TeamMembership extends pulumi.CustomResource {
    /** The organization. */
    declare readonly organization: pulumi.Output<string>;
    /** The team: the `name` of a Team. */
    declare readonly team: pulumi.Output<string>;
    /** The user, or the robot (NAMESPACE+NAME). */
    declare readonly member: pulumi.Output<string>;
    /** Whether the user was invited by e-mail and has not accepted yet (quay.io sends an invitation). */
    declare readonly invited: pulumi.Output<boolean>;

    constructor(name: string, args: TeamMembershipArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): TeamMembership {
        return new TeamMembership(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new DefaultPermission. */
export interface DefaultPermissionArgs {
    /** The organization. */
    readonly organization: pulumi.Input<string>;
    /** The robot that gets the role, NAMESPACE+NAME. Exactly one of robot, user and team is set. */
    readonly robot?: pulumi.Input<string> | undefined;
    /** The user who gets the role. */
    readonly user?: pulumi.Input<string> | undefined;
    /** The team that gets the role. */
    readonly team?: pulumi.Input<string> | undefined;
    /** Limits the role to repositories that this user or robot creates. Default: any creator. */
    readonly creator?: pulumi.Input<string> | undefined;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    readonly role: pulumi.Input<Role>;
}

/** Gives a robot, user or team a role in every repository created in an organization from now on. An equal default permission that exists already is taken over; one with another role is an error.
 *
 * Import: `pulumi import quay:index:DefaultPermission NAME acme:team:devs`, the id being ORGANIZATION:KIND:NAME (KIND is robot, user or team), with :CREATOR where it is for one creator's repositories.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const operators = new quay.Team("operators", { organization: "acme", name: "operators" });
 * // Operators can pull from every repository that is created from now on.
 * new quay.DefaultPermission("operators-pull", {
 *     organization: "acme",
 *     team: operators.name,
 *     role: "read",
 * });
 * ``` */
export class DefaultPermission extends pulumi.CustomResource {
    /** The organization. */
    declare readonly organization: pulumi.Output<string>;
    /** The robot that gets the role, NAMESPACE+NAME. Exactly one of robot, user and team is set. */
    declare readonly robot: pulumi.Output<string | undefined>;
    /** The user who gets the role. */
    declare readonly user: pulumi.Output<string | undefined>;
    /** The team that gets the role. */
    declare readonly team: pulumi.Output<string | undefined>;
    /** Limits the role to repositories that this user or robot creates. Default: any creator. */
    declare readonly creator: pulumi.Output<string | undefined>;
    /** `read` (pull), `write` (pull and push) or `admin`. */
    declare readonly role: pulumi.Output<Role>;
    /** The ID in Quay. */
    declare readonly prototypeId: pulumi.Output<string>;

    constructor(name: string, args: DefaultPermissionArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): DefaultPermission {
        return new DefaultPermission(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new RepositoryMirror. */
export interface RepositoryMirrorArgs {
    /** The repository to copy to, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The repository to copy from, with its registry: `quay.io/acme/base`. */
    readonly externalReference: pulumi.Input<string>;
    /** The tags to copy: glob patterns such as `1.*`. */
    readonly tags: pulumi.Input<readonly pulumi.Input<string>[]>;
    /** The robot that pushes, NAMESPACE+NAME, in the same namespace. Quay gives it write permission for the repository. */
    readonly robot: pulumi.Input<string>;
    /** The interval between synchronizations, in seconds. Default: 86400. */
    readonly syncIntervalSeconds?: pulumi.Input<number> | undefined;
    /** The timeout of a synchronization, in seconds; 300 at least. Default: 300. */
    readonly timeoutSeconds?: pulumi.Input<number> | undefined;
    /** Whether the synchronization is enabled. Default: true. */
    readonly enabled?: pulumi.Input<boolean> | undefined;
    /** Whether HTTPS and a valid certificate of the other registry are required. Default: true. */
    readonly verifyTls?: pulumi.Input<boolean> | undefined;
    /** The user name for the other registry. Default: anonymous. */
    readonly username?: pulumi.Input<string> | undefined;
    /** The password for the other registry. Quay does not return it, so a manual change is not detected. */
    readonly password?: pulumi.Input<string> | undefined;
}

/** Makes Quay copy the tags of another repository into this one at an interval; only the robot can push to it then. Its Repository must have the `state` MIRROR. An equal mirror that exists is taken over; a different one is an error. Quay cannot delete a mirror: deleting the resource disables it, removes its credentials, and sets the repository's state to NORMAL. Needs FEATURE_REPO_MIRROR.
 *
 * Import: `pulumi import quay:index:RepositoryMirror NAME alice/app`, the id being NAMESPACE/NAME.
 *
 * What neither an import nor a refresh sees, because Quay does not tell it: `password`. What your program says of it after an import is no change, and Quay keeps what it has. From the first `up` on, another value in the program is a change.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const python = new quay.Repository("python", {
 *     namespace: "acme",
 *     name: "python",
 *     state: "MIRROR",
 * });
 * const copier = new quay.Robot("copier", { namespace: "acme", name: "copier" });
 * new quay.RepositoryMirror("python", {
 *     repository: python.fullName,
 *     externalReference: "docker.io/library/python",
 *     tags: ["3.13-slim", "3.14-*"],
 *     robot: copier.username,
 *     syncIntervalSeconds: 43200, // twice a day
 * });
 * ``` */
export class RepositoryMirror extends pulumi.CustomResource {
    /** The repository to copy to, NAMESPACE/NAME. */
    declare readonly repository: pulumi.Output<string>;
    /** The repository to copy from, with its registry: `quay.io/acme/base`. */
    declare readonly externalReference: pulumi.Output<string>;
    /** The tags to copy: glob patterns such as `1.*`. */
    declare readonly tags: pulumi.Output<string[]>;
    /** The robot that pushes, NAMESPACE+NAME, in the same namespace. Quay gives it write permission for the repository. */
    declare readonly robot: pulumi.Output<string>;
    /** The interval between synchronizations, in seconds. Default: 86400. */
    declare readonly syncIntervalSeconds: pulumi.Output<number>;
    /** The timeout of a synchronization, in seconds; 300 at least. Default: 300. */
    declare readonly timeoutSeconds: pulumi.Output<number>;
    /** Whether the synchronization is enabled. Default: true. */
    declare readonly enabled: pulumi.Output<boolean>;
    /** Whether HTTPS and a valid certificate of the other registry are required. Default: true. */
    declare readonly verifyTls: pulumi.Output<boolean>;
    /** The user name for the other registry. Default: anonymous. */
    declare readonly username: pulumi.Output<string | undefined>;
    /** The password for the other registry. Quay does not return it, so a manual change is not detected. */
    declare readonly password: pulumi.Output<string | undefined>;

    constructor(name: string, args: RepositoryMirrorArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): RepositoryMirror {
        return new RepositoryMirror(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new ProxyCache. */
export interface ProxyCacheArgs {
    /** The organization to use as a cache. */
    readonly organization: pulumi.Input<string>;
    /** The registry to pull from, or a namespace there: `docker.io/library`. */
    readonly upstreamRegistry: pulumi.Input<string>;
    /** The time for which a pulled tag is kept, in seconds. Default: 86400. */
    readonly expirationSeconds?: pulumi.Input<number> | undefined;
    /** Whether to use plain HTTP. Default: false. */
    readonly insecure?: pulumi.Input<boolean> | undefined;
    /** The user name for the registry. Default: anonymous. */
    readonly username?: pulumi.Input<string> | undefined;
    /** The password for the registry. Quay returns neither the user name nor the password, so a manual change is not detected. */
    readonly password?: pulumi.Input<string> | undefined;
}

/** Makes an organization a cache of another registry: images that are pulled from the organization are pulled from there and kept. Quay cannot change a proxy cache: another value replaces it, which keeps the cached images. An equal one that exists is taken over; a different one is an error. Needs FEATURE_PROXY_CACHE, and an organization without immutable tags.
 *
 * Import: `pulumi import quay:index:ProxyCache NAME acme-cache`, the id being ORGANIZATION.
 *
 * What neither an import nor a refresh sees, because Quay does not tell it: `username`, `password`. What your program says of it after an import is no change, and Quay keeps what it has. From the first `up` on, another value in the program is a change.
 *
 * @example
 * ```ts
 * import * as pulumi from "@pulumi/pulumi";
 * import * as quay from "pulumi-quay";
 *
 * const config = new pulumi.Config();
 * const hub = new quay.Organization("hub", { name: "acme-hub" });
 * // `docker pull quay.io/acme-hub/library/python` pulls from Docker Hub, and keeps the image.
 * new quay.ProxyCache("hub", {
 *     organization: hub.name,
 *     upstreamRegistry: "docker.io",
 *     username: config.require("hubUsername"),
 *     password: config.requireSecret("hubToken"),
 * });
 * ``` */
export class ProxyCache extends pulumi.CustomResource {
    /** The organization to use as a cache. */
    declare readonly organization: pulumi.Output<string>;
    /** The registry to pull from, or a namespace there: `docker.io/library`. */
    declare readonly upstreamRegistry: pulumi.Output<string>;
    /** The time for which a pulled tag is kept, in seconds. Default: 86400. */
    declare readonly expirationSeconds: pulumi.Output<number>;
    /** Whether to use plain HTTP. Default: false. */
    declare readonly insecure: pulumi.Output<boolean>;
    /** The user name for the registry. Default: anonymous. */
    declare readonly username: pulumi.Output<string | undefined>;
    /** The password for the registry. Quay returns neither the user name nor the password, so a manual change is not detected. */
    declare readonly password: pulumi.Output<string | undefined>;

    constructor(name: string, args: ProxyCacheArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
    static get(
        name: string,
        id: pulumi.Input<pulumi.ID>,
        opts?: pulumi.CustomResourceOptions,
    ): ProxyCache {
        return new ProxyCache(name, undefined, { ...opts, id });
    }
}

/** The arguments of a new Quota. */
export interface QuotaArgs {
    /** The organization to limit. */
    readonly organization: pulumi.Input<string>;
    /** The storage for the images of the organization, in bytes. */
    readonly limitBytes: pulumi.Input<number>;
    /** What happens as the quota fills up. Default: nothing. */
    readonly limits?: pulumi.Input<readonly pulumi.Input<QuotaLimit>[]> | undefined;
}

/** Limits the storage of an organization. An equal quota that exists is taken over; a different one is an error. Needs FEATURE_QUOTA_MANAGEMENT, and the token of a super user with the scope super:user.
 *
 * Import: `pulumi import quay:index:Quota NAME acme`, the id being ORGANIZATION.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * new quay.Quota("storage", {
 *     organization: "acme",
 *     limitBytes: 53687091200, // 50 GiB
 *     limits: [
 *         { type: "Warning", percent: 80 },
 *         { type: "Reject", percent: 100 },
 *     ],
 * });
 * ``` */
export class Quota extends pulumi.CustomResource {
    /** The organization to limit. */
    declare readonly organization: pulumi.Output<string>;
    /** The storage for the images of the organization, in bytes. */
    declare readonly limitBytes: pulumi.Output<number>;
    /** What happens as the quota fills up. Default: nothing. */
    declare readonly limits: pulumi.Output<QuotaLimit[]>;

    constructor(name: string, args: QuotaArgs, opts?: pulumi.CustomResourceOptions);
    /** Reads an existing one by its id: see `get`. */
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

    /** Reads an existing one, without managing it, by the id that `pulumi import` takes. */
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

/** The result of getRepository. */
export interface GetRepositoryResult {
    /** `public` (anyone may pull) or `private`. */
    readonly visibility: Visibility;
    /** The description on the repository's page in Quay, in Markdown. Default: "". */
    readonly description: string;
    /** `NORMAL`, `READ_ONLY` (pushes are refused) or `MIRROR` (filled by Quay's mirroring). Other values than NORMAL need a Quay with repository mirroring. */
    readonly state: RepositoryState;
    /** NAMESPACE/NAME, as other resources of this package expect it. */
    readonly fullName: string;
    /** The name for docker pull and push: HOST/NAMESPACE/NAME, without a tag. */
    readonly image: string;
    /** The URL of the repository's page in Quay's web interface. */
    readonly url: string;
}

/** Reads an existing repository, whether or not this program created it.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const shop = quay.getRepositoryOutput({ repository: "acme/shop_staging" });
 * export const shopPage = shop.url;
 * export const shopVisibility = shop.visibility;
 * ``` */
export function getRepository(
    args: GetRepositoryArgs,
    opts?: pulumi.InvokeOptions,
): Promise<GetRepositoryResult> {
    return pulumi.runtime.invoke("quay:index:getRepository", { ...args }, opts ?? {});
}

/** Reads an existing repository, whether or not this program created it.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const shop = quay.getRepositoryOutput({ repository: "acme/shop_staging" });
 * export const shopPage = shop.url;
 * export const shopVisibility = shop.visibility;
 * ``` */
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

/** The result of getRobot. */
export interface GetRobotResult {
    /** The user name for the registry: NAMESPACE+NAME. */
    readonly username: string;
    /** The password for the registry. */
    readonly token: string;
    /** The description of the robot. */
    readonly description: string;
    /** The kind of a namespace: a user's or an organization's. */
    readonly namespaceKind: NamespaceKind;
}

/** Reads an existing robot with its token, whether or not this program created it.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const puller = quay.getRobotOutput({ username: "acme+puller" });
 * export const pullerUsername = puller.username;
 * export const pullerToken = puller.token; // a secret
 * ``` */
export function getRobot(args: GetRobotArgs, opts?: pulumi.InvokeOptions): Promise<GetRobotResult> {
    return pulumi.runtime.invoke("quay:index:getRobot", { ...args }, opts ?? {});
}

/** Reads an existing robot with its token, whether or not this program created it.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const puller = quay.getRobotOutput({ username: "acme+puller" });
 * export const pullerUsername = puller.username;
 * export const pullerToken = puller.token; // a secret
 * ``` */
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

/** The result of getTag. */
export interface GetTagResult {
    /** The tag. */
    readonly name: string;
    /** The digest of the manifest that the tag points to: `sha256:…`. */
    readonly digest: string;
    /** Whether the manifest is an index of images for several platforms. */
    readonly isManifestList: boolean;
    /** The time at which the tag was set, in RFC 2822 format. */
    readonly lastModified?: string | undefined;
    /** The time at which Quay will remove the tag (RFC 2822); absent if never. */
    readonly expiration?: string | undefined;
    /** Whether the tag is immutable; false if Quay does not have this feature. */
    readonly immutable: boolean;
}

/** Reads a tag: the digest that it points to now, and what Quay knows about it.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const tag = quay.getTagOutput({ repository: "acme/shop_staging", tag: "1.4.0" });
 * export const shopDigest = tag.digest; // sha256:…
 * export const shopIsIndex = tag.isManifestList; // for several platforms
 * ``` */
export function getTag(args: GetTagArgs, opts?: pulumi.InvokeOptions): Promise<GetTagResult> {
    return pulumi.runtime.invoke("quay:index:getTag", { ...args }, opts ?? {});
}

/** Reads a tag: the digest that it points to now, and what Quay knows about it.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const tag = quay.getTagOutput({ repository: "acme/shop_staging", tag: "1.4.0" });
 * export const shopDigest = tag.digest; // sha256:…
 * export const shopIsIndex = tag.isManifestList; // for several platforms
 * ``` */
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
    /** The maximum number of tags. Default: all. */
    readonly limit?: number | undefined;
}

/** The arguments of listTagsOutput. */
export interface ListTagsOutputArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The maximum number of tags. Default: all. */
    readonly limit?: pulumi.Input<number> | undefined;
}

/** The result of listTags. */
export interface ListTagsResult {
    /** The tags. */
    readonly tags: Tag[];
}

/** Lists the tags of a repository, the newest first, without deleted ones.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const newest = quay.listTagsOutput({ repository: "acme/shop_staging", limit: 1 });
 * export const newestTag = newest.tags.apply(([tag]) => tag?.name);
 * ``` */
export function listTags(args: ListTagsArgs, opts?: pulumi.InvokeOptions): Promise<ListTagsResult> {
    return pulumi.runtime.invoke("quay:index:listTags", { ...args }, opts ?? {});
}

/** Lists the tags of a repository, the newest first, without deleted ones.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const newest = quay.listTagsOutput({ repository: "acme/shop_staging", limit: 1 });
 * export const newestTag = newest.tags.apply(([tag]) => tag?.name);
 * ``` */
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
    /** The digest of a single image, not of an index. */
    readonly digest: string;
}

/** The arguments of getVulnerabilitiesOutput. */
export interface GetVulnerabilitiesOutputArgs {
    /** The repository, NAMESPACE/NAME. */
    readonly repository: pulumi.Input<string>;
    /** The digest of a single image, not of an index. */
    readonly digest: pulumi.Input<string>;
}

/** The result of getVulnerabilities. */
export interface GetVulnerabilitiesResult {
    /** `scanned`, or the reason why there are no findings yet: `queued`, `failed`, `unsupported`, `manifest_layer_too_large`. */
    readonly status: string;
    /** The number of vulnerabilities: critical. */
    readonly critical: number;
    /** The number of vulnerabilities: high. */
    readonly high: number;
    /** The number of vulnerabilities: medium. */
    readonly medium: number;
    /** The number of vulnerabilities: low. */
    readonly low: number;
    /** The number of vulnerabilities: negligible. */
    readonly negligible: number;
    /** The number of vulnerabilities: of unknown severity. */
    readonly unknown: number;
}

/** Reads the number of vulnerabilities that Quay's scanner found in an image, by severity.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const candidate = quay.getTagOutput({ repository: "acme/shop_staging", tag: "1.4.0" });
 * const scan = quay.getVulnerabilitiesOutput({
 *     repository: "acme/shop_staging",
 *     digest: candidate.digest,
 * });
 * export const scanStatus = scan.status; // scanned
 * export const criticalFindings = scan.critical;
 * ``` */
export function getVulnerabilities(
    args: GetVulnerabilitiesArgs,
    opts?: pulumi.InvokeOptions,
): Promise<GetVulnerabilitiesResult> {
    return pulumi.runtime.invoke("quay:index:getVulnerabilities", { ...args }, opts ?? {});
}

/** Reads the number of vulnerabilities that Quay's scanner found in an image, by severity.
 *
 * @example
 * ```ts
 * import * as quay from "pulumi-quay";
 *
 * const candidate = quay.getTagOutput({ repository: "acme/shop_staging", tag: "1.4.0" });
 * const scan = quay.getVulnerabilitiesOutput({
 *     repository: "acme/shop_staging",
 *     digest: candidate.digest,
 * });
 * export const scanStatus = scan.status; // scanned
 * export const criticalFindings = scan.critical;
 * ``` */
export function getVulnerabilitiesOutput(
    args: GetVulnerabilitiesOutputArgs,
    opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetVulnerabilitiesResult> {
    return pulumi.runtime.invokeOutput("quay:index:getVulnerabilities", { ...args }, opts ?? {});
}
