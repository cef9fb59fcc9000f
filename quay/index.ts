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
    constructor(name: string, args: undefined, opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> });
    constructor(name: string, args: RepositoryArgs | undefined, opts?: pulumi.CustomResourceOptions) {
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
    static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Repository {
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
    /** The password that goes with it. A token that was regenerated by hand is found by a refresh. */
    declare readonly token: pulumi.Output<string>;
    /** What a namespace is: a user's own, or an organization's. */
    declare readonly namespaceKind: pulumi.Output<NamespaceKind>;

    constructor(name: string, args: RobotArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(name: string, args: undefined, opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> });
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
    static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Robot {
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

/** What a robot, a user or a team may do in a repository. An equal permission that exists already is taken over; a different one is an error.
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
    constructor(name: string, args: undefined, opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> });
    constructor(name: string, args: RepositoryPermissionArgs | undefined, opts?: pulumi.CustomResourceOptions) {
        super(
            "quay:index:RepositoryPermission",
            name,
            { repository: args?.repository, robot: args?.robot, user: args?.user, team: args?.team, role: args?.role },
            opts,
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): RepositoryPermission {
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
    /** What to deploy: REGISTRY/REPOSITORY@DIGEST. */
    declare readonly image: pulumi.Output<string>;

    constructor(name: string, args: PromotedImageArgs, opts?: pulumi.CustomResourceOptions);
    /** One that exists, read by its id: see `get`. */
    constructor(name: string, args: undefined, opts: pulumi.CustomResourceOptions & { readonly id: pulumi.Input<pulumi.ID> });
    constructor(name: string, args: PromotedImageArgs | undefined, opts?: pulumi.CustomResourceOptions) {
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
                image: undefined,
            },
            pulumi.mergeOptions({ additionalSecretOutputs: ["sourceCredentials", "targetCredentials"] }, opts),
        );
    }

    /** Reads one that exists, by the id that `pulumi import` takes; it is not managed. */
    static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): PromotedImage {
        return new PromotedImage(name, undefined, { ...opts, id });
    }
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
export function getTagOutput(args: GetTagOutputArgs, opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetTagResult> {
    return pulumi.runtime.invokeOutput("quay:index:getTag", { ...args }, opts ?? {});
}
