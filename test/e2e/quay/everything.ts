import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import * as quay from "../../../quay/sdk/index.ts";

/**
 * The same resources over time: as first created, with all changes in place, and moved to other
 * names.
 */
export type Variant = "first" | "updated" | "replaced";

export interface Setting {
    readonly namespace: string;
    /**
     * Whether the program creates the namespace, an organization, with the resources of
     * organizations.
     */
    readonly organization: boolean;
    /** The user who creates everything. */
    readonly user: string;
    /** The prefix of the names in the namespace. */
    readonly prefix?: string;
    /**
     * Whether to create policies for the whole namespace: never for one that contains other
     * objects.
     */
    readonly ofNamespace?: boolean;
    /** The Quay's registry. Its repository `images` has the tags 1.0.0 and 1.1.0. */
    readonly registry: string;
    readonly images: string;
}

/**
 * A program with every resource of the package that this kind of namespace supports, at least once.
 */
export function everything(
    { namespace, organization, user, registry, images, prefix = "", ofNamespace = true }: Setting,
    variant: Variant,
): PulumiFn {
    return () => {
        const updated = variant !== "first";
        const replaced = variant === "replaced";
        const owner = organization
            ? new quay.Organization("organization", {
                  name: namespace,
                  ...(updated ? { email: "acme@example.org" } : {}),
              }).name
            : namespace;
        const repository = new quay.Repository("repository", {
            namespace: owner,
            name: `${prefix}${replaced ? "app/two" : "app/one"}`,
            description: updated ? "new" : "old",
            visibility: updated ? "public" : "private",
        });
        const robot = new quay.Robot("robot", {
            namespace: owner,
            name: `${prefix}${replaced ? "deploy_2" : "deploy"}`,
            description: "pushes",
        });
        new quay.RepositoryPermission("robot", {
            repository: repository.fullName,
            robot: robot.username,
            role: updated ? "read" : "write",
        });
        const subjects = updated
            ? ["repo:a/b:ref:refs/heads/main", "repo:a/b:environment:prod"]
            : ["repo:a/b:ref:refs/heads/main"];
        new quay.RobotFederation("federation", {
            robot: robot.username,
            claims: subjects.map((subject) => ({ issuer: "https://token.example.com", subject })),
        });
        new quay.AutoPrunePolicy("ofRepository", {
            repository: repository.fullName,
            method: updated ? "creation_date" : "number_of_tags",
            value: updated ? "30d" : "20",
            tagPattern: "sha-.*",
        });
        new quay.TagImmutabilityPolicy("ofRepository", {
            repository: repository.fullName,
            tagPattern: updated ? "r.*" : "release-.*",
        });
        if (ofNamespace) {
            new quay.AutoPrunePolicy("ofNamespace", {
                namespace: owner,
                method: "creation_date",
                value: updated ? "2w" : "1w",
            });
            new quay.TagImmutabilityPolicy("ofNamespace", {
                namespace: owner,
                tagPattern: updated ? "final-[0-9]+" : "final-.*",
            });
        }
        new quay.Notification("hook", {
            repository: repository.fullName,
            event: "repo_push",
            method: "webhook",
            config: { url: "https://hooks.example.com/quay" },
            title: "pushes",
        });
        const release = new quay.PromotedImage("release", {
            source: `${registry}/${images}`,
            target: repository.image,
            version: updated ? "1.1.0" : "1.0.0",
            floatingTags: ["latest"],
        });
        new quay.FloatingTag("current", {
            repository: repository.fullName,
            tag: "current",
            digest: release.digest,
        });
        if (organization) {
            const team = new quay.Team("team", {
                organization: owner,
                name: replaced ? "operators" : "devs",
                role: updated ? "creator" : "member",
                description: updated ? "new" : "old",
            });
            new quay.TeamMembership("member", {
                organization: owner,
                team: team.name,
                member: robot.username,
            });
            new quay.RepositoryPermission("team", {
                repository: repository.fullName,
                team: team.name,
                role: updated ? "admin" : "read",
            });
            new quay.DefaultPermission("team", {
                organization: owner,
                team: team.name,
                role: updated ? "write" : "read",
            });
            new quay.DefaultPermission("robot", {
                organization: owner,
                robot: robot.username,
                creator: user,
                role: updated ? "write" : "read",
            });
        }
        return Promise.resolve({ username: robot.username, token: robot.token });
    };
}
